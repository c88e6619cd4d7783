"""How long personal data is kept, as the privacy notice says. Every function may be run again at any time."""

from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from reservations.models import (
    AppareilDuPrescripteur,
    Apprenant,
    Attente,
    Consultation,
    Demarche,
    EnvoiDeCode,
    IdentificationPrescripteur,
    Message,
    Participation,
    Prescripteur,
    RendezVous,
    Statut,
)

CONSERVATION_APPRENANTS = relativedelta(years=2)  # after their last rendez-vous
CONSERVATION_MESSAGES = relativedelta(months=6)
CONSERVATION_DEMARCHES = timedelta(hours=24)
LOT = 500


def oublier_demarches(*, maintenant: datetime) -> int:
    """Delete what is older than a day: bookings in progress, consultations, identifications, counts of codes, whoever
    asked to wait without giving the code, or left the list. Devices too old to be remembered.

    What was booked is in the rendez-vous.
    """
    limite = maintenant - CONSERVATION_DEMARCHES
    Consultation.objects.filter(cree_le__lt=limite).delete()
    IdentificationPrescripteur.objects.filter(cree_le__lt=limite).delete()
    AppareilDuPrescripteur.objects.filter(expire_a__lte=maintenant).delete()
    EnvoiDeCode.objects.filter(envoye_le__lt=limite).delete()
    Attente.objects.filter(Q(inscrite_le__isnull=True, cree_le__lt=limite) | Q(close_le__lt=limite)).delete()
    return Demarche.objects.filter(cree_le__lt=limite).delete()[1].get(Demarche._meta.label, 0)


def purger(*, maintenant: datetime) -> dict[str, int]:
    """Erase messages older than six months, learners two years after their last rendez-vous, rendez-vous left empty,
    prescribers two years after their last one."""
    limite = maintenant - CONSERVATION_APPRENANTS
    messages = Message.objects.filter(cree_le__lt=maintenant - CONSERVATION_MESSAGES).delete()[0]
    return {
        "messages": messages,
        "apprenants": _purger_apprenants(limite),
        "rendez_vous": _purger_rendez_vous(limite),
        "prescripteurs": _purger_prescripteurs(limite),
    }


def _purger_prescripteurs(limite: datetime) -> int:
    """Erase who prescribed nothing since, from the rendez-vous kept for their learner too: the note was theirs."""
    recents = RendezVous.objects.filter(prescripteur=OuterRef("pk"), fin__gte=limite)
    nombre = 0
    while True:
        with transaction.atomic():
            anciens = Prescripteur.objects.filter(~Exists(recents), cree_le__lt=limite)
            lot = list(anciens.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:LOT])
            if not lot:
                return nombre
            en_leur_nom = Participation.objects.filter(rendez_vous__prescripteur__in=lot)
            en_leur_nom.update(instructions_acceptees_par="")
            RendezVous.objects.filter(prescripteur__in=lot).update(
                prescripteur=None, note_du_prescripteur="", annule_par_prescripteur=False
            )
            nombre += Prescripteur.objects.filter(pk__in=lot).delete()[1].get(Prescripteur._meta.label, 0)


def _purger_apprenants(limite: datetime) -> int:
    recents = Participation.objects.filter(apprenant=OuterRef("pk"), rendez_vous__fin__gte=limite)
    anciens = Apprenant.objects.filter(~Exists(recents), cree_le__lt=limite)
    nombre = 0
    while True:
        with transaction.atomic():
            # Locked, so that a booking of the same instant either keeps the learner or waits for the deletion.
            lot = list(anciens.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:LOT])
            if not lot:
                return nombre
            Participation.objects.filter(apprenant__in=lot).delete()
            nombre += Apprenant.objects.filter(pk__in=lot).delete()[1].get(Apprenant._meta.label, 0)


def _purger_rendez_vous(limite: datetime) -> int:
    occupes = Participation.objects.filter(rendez_vous=OuterRef("pk"))
    vides = RendezVous.objects.filter(~Exists(occupes), ~Q(statut=Statut.OPTION), fin__lt=limite)
    nombre = 0
    while True:
        with transaction.atomic():
            lot = list(vides.values_list("pk", flat=True)[:LOT])
            if not lot:
                return nombre
            nombre += RendezVous.objects.filter(pk__in=lot).delete()[1].get(RendezVous._meta.label, 0)
