"""Someone sees all their rendez-vous, by a code sent to their e-mail address or mobile.

No enumeration: a code is sent to whatever contact is typed, known or not, and nothing is looked for before it is typed
back. So neither the words nor the time of an answer depend on who is known. Sending is limited as for a booking.
"""

from datetime import datetime, timedelta

from django.db import transaction
from phonenumber_field.phonenumber import PhoneNumber

from reservations.identification import DOUBLE_CLIC, envoyer_code, hacher, un_par_un, verifier_code
from reservations.models import Consultation
from structures.models import jeton_secret

DUREE = timedelta(minutes=30)  # a shared computer


@transaction.atomic
def demander(
    *, courriel: str, telephone: PhoneNumber | str, adresse: str, maintenant: datetime, jeton: str = ""
) -> Consultation:
    """Send a code to that contact. `adresse`: the network address. `jeton`: the secret of the form; the same one sent
    twice for one contact within seconds (a double click) is one request and one code. Raises TropDeCodes.
    """
    jeton = jeton or jeton_secret()
    un_par_un(f"demande-de-consultation:{jeton}")
    deja = Consultation.objects.filter(jeton=jeton).first()
    if (
        deja is not None
        and (deja.courriel, deja.telephone) == (courriel, telephone)
        and deja.ouverte_jusqu_a is None
        and maintenant - deja.cree_le < DOUBLE_CLIC
    ):
        return deja
    consultation = Consultation.objects.create(
        jeton=jeton if deja is None else jeton_secret(),
        courriel=courriel,
        telephone=telephone,
        adresse=hacher(adresse, usage="adresse"),
        cree_le=maintenant,
    )
    envoyer_code(demarche=consultation, maintenant=maintenant)
    return consultation


def ouvrir(*, consultation: Consultation, code: str, maintenant: datetime) -> None:
    """Open the list for half an hour when `code` is the one sent. Raises CodeRefuse."""
    verifier_code(demarche=consultation, code=code, maintenant=maintenant)
    Consultation.objects.filter(pk=consultation.pk, ouverte_jusqu_a__isnull=True).update(
        ouverte_jusqu_a=maintenant + DUREE
    )


def en_cours(jeton: str, maintenant: datetime) -> Consultation | None:
    """Return the consultation of this secret: open, or waiting for its code. None once it is over."""
    trouvee = Consultation.objects.filter(jeton=jeton).first() if jeton else None
    if trouvee and trouvee.ouverte_jusqu_a and trouvee.ouverte_jusqu_a <= maintenant:
        return None
    return trouvee
