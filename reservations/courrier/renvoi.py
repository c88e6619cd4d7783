"""The learner asks for their confirmation again, by e-mail or by SMS."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from reservations.courrier import messagerie
from reservations.courrier.sms import est_mobile, sms_possibles
from reservations.identification import DOUBLE_CLIC
from reservations.models import Apprenant, Canal, Message, RendezVous
from reservations.refus import EnvoiImpossible

PAR_HEURE = 3


def canaux(apprenant: Apprenant) -> list[tuple[Canal, str, str]]:
    """Return by what, where (as it is shown) and where (as it is sent) the confirmation of a learner can go."""
    possibles = []
    if apprenant.courriel:
        possibles.append((Canal.COURRIEL, apprenant.courriel, apprenant.courriel))
    if sms_possibles() and est_mobile(apprenant.telephone):
        possibles.append((Canal.SMS, apprenant.telephone.as_national, apprenant.telephone.as_e164))
    return possibles


@transaction.atomic
def renvoyer_confirmation(*, rendez_vous: RendezVous, canal: str, maintenant: datetime) -> str:
    """Send the confirmation again and return where. Asked twice (a double click), it is sent once.

    Raises EnvoiImpossible: no such way to reach the person, nothing to confirm any more, or too many already.
    """
    rendez_vous = RendezVous.objects.select_for_update(of=("self",), no_key=True).get(pk=rendez_vous.pk)
    possibles = canaux(rendez_vous.inscrits[0].apprenant) if rendez_vous.inscrits else []
    choisi = next((trouve for trouve in possibles if trouve[0] == canal), None)
    if choisi is None or not rendez_vous.est_annulable(maintenant):
        raise EnvoiImpossible
    envoyes = Message.objects.filter(
        rendez_vous=rendez_vous, canal=canal, destinataire=choisi[2], cree_le__lte=maintenant
    )
    if envoyes.filter(cree_le__gt=maintenant - DOUBLE_CLIC).exists():
        return choisi[1]
    if envoyes.filter(cree_le__gt=maintenant - timedelta(hours=1)).count() >= PAR_HEURE:
        raise EnvoiImpossible(
            _("Ce message est déjà parti plusieurs fois. Attendez une heure avant d'en demander un autre.")
        )
    messagerie.renvoyer_confirmation(rendez_vous=rendez_vous, canal=choisi[0], maintenant=maintenant)
    return choisi[1]
