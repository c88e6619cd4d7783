"""Who books: instructions accepted, contact typed, and the 6-digit code that proves it.

Nothing here takes an agent's time. What is counted (tries, codes sent) is counted under a lock and committed even when
the answer is a refusal.
"""

import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from phonenumber_field.phonenumber import PhoneNumber

from reservations.courrier import messagerie
from reservations.models import Demarche, EnvoiDeCode, PorteurDeCode
from reservations.refus import CodeRefuse, DemarcheIncomplete, TropDeCodes

# Two requests this close are one gesture of someone whose page was slow.
DOUBLE_CLIC = timedelta(seconds=10)


def hacher(valeur: str, *, usage: str) -> str:
    """Return a keyed hash (64 hexadecimal characters) of a personal value, that can be compared but not read."""
    return salted_hmac(f"reservations.{usage}", valeur, algorithm="sha256").hexdigest()


def accepter_instructions(*, demarche: Demarche, texte: str, maintenant: datetime) -> None:
    """Store that the person accepted this very text, and when. Raises DemarcheIncomplete if it is not today's text."""
    if not memes_instructions(texte, demarche.motif.instructions_a_accepter):
        raise DemarcheIncomplete(_("Les instructions viennent de changer. Relisez-les avant d'accepter."))
    demarche.instructions = demarche.motif.instructions_a_accepter
    demarche.instructions_acceptees_le = maintenant
    demarche.save(update_fields=["instructions", "instructions_acceptees_le"])


def memes_instructions(une: str, autre: str) -> bool:
    """Compare two texts as people read them: browsers change line endings and trim forms."""
    return une.replace("\r\n", "\n").strip() == autre.replace("\r\n", "\n").strip()


def instructions_acceptees(demarche: Demarche) -> bool:
    """Whether nothing is left to accept: no instructions, or today's text was accepted."""
    attendues = demarche.motif.instructions_a_accepter.strip()
    return not attendues or (
        demarche.instructions_acceptees_le is not None and memes_instructions(demarche.instructions, attendues)
    )


@transaction.atomic
def envoyer_code(*, demarche: PorteurDeCode, maintenant: datetime) -> None:
    """Send a new 6-digit code to the contact typed; the former one no longer works. Raises TropDeCodes.

    Limits: per booking, and per contact and per network address over the last hour.
    """
    demarche_verrouillee = type(demarche)._default_manager.select_for_update(of=("self",)).get(pk=demarche.pk)
    contact = hacher(demarche_verrouillee.contact, usage="contact")
    un_par_un(f"codes:{contact}", f"codes:{demarche_verrouillee.adresse}")
    depuis = maintenant - timedelta(hours=1)
    recents = EnvoiDeCode.objects.filter(envoye_le__gt=depuis)
    if (
        demarche_verrouillee.codes_envoyes >= settings.CODES_PAR_DEMARCHE
        or recents.filter(contact=contact).count() >= settings.CODES_PAR_CONTACT_ET_HEURE
        or recents.filter(adresse=demarche_verrouillee.adresse).count() >= settings.CODES_PAR_ADRESSE_ET_HEURE
    ):
        raise TropDeCodes
    code = f"{secrets.randbelow(1_000_000):06d}"
    demarche.codes_envoyes = demarche_verrouillee.codes_envoyes + 1
    demarche.code_hache = _hacher_code(demarche, code)
    demarche.code_expire_a = maintenant + timedelta(minutes=settings.CODE_MINUTES)
    demarche.code_essais = 0
    demarche.contact_verifie = ""
    demarche.save(update_fields=["codes_envoyes", "code_hache", "code_expire_a", "code_essais", "contact_verifie"])
    EnvoiDeCode.objects.create(contact=contact, adresse=demarche_verrouillee.adresse, envoye_le=maintenant)
    messagerie.envoyer_code(demarche=demarche, code=code)


def un_par_un(*comptes: str) -> None:
    """Make what is counted for one contact or for one network address wait for each other, until the transaction ends.

    Counting then writing lets through as many requests as arrive together: each booking has a row of its own to lock.
    """
    with connection.cursor() as curseur:
        for compte in sorted(comptes):
            curseur.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [compte])


def _hacher_code(demarche: PorteurDeCode, code: str) -> str:
    # The contact is part of what is hashed: a code sent to one address says nothing of another typed afterwards.
    return hacher(f"{demarche.jeton}:{demarche.contact}:{code}", usage="code")


def donner_coordonnees(
    *,
    demarche: Demarche,
    prenom: str,
    nom: str,
    courriel: str,
    telephone: PhoneNumber | str,
    maintenant: datetime,
    adresse_domicile: str = "",
) -> None:
    """Store who the person is, and send a code unless their contact is verified or its code is already on its way.

    What was typed is committed even when the code is refused (TropDeCodes): the refusal is raised afterwards.
    """
    refus = None
    with transaction.atomic():
        # Under the lock, so that a double click sends one code: the second would cancel the first.
        verrouillee = Demarche.objects.select_for_update(of=("self",)).get(pk=demarche.pk)
        if verrouillee.confirmee_le is not None:
            return
        ancien_contact = verrouillee.contact
        verrouillee.prenom, verrouillee.nom = prenom, nom
        verrouillee.courriel, verrouillee.telephone = courriel, telephone
        verrouillee.adresse_domicile = adresse_domicile
        if verrouillee.contact != ancien_contact:
            verrouillee.code_hache, verrouillee.code_expire_a, verrouillee.code_essais = "", None, 0
        identite = ["prenom", "nom", "courriel", "telephone", "adresse_domicile"]
        verrouillee.save(update_fields=[*identite, "code_hache", "code_expire_a", "code_essais"])
        if not verrouillee.est_verifiee and not code_en_cours(verrouillee, maintenant):
            try:
                envoyer_code(demarche=verrouillee, maintenant=maintenant)
            except TropDeCodes as trop:
                refus = trop
    if refus is not None:
        raise refus


def code_en_cours(demarche: PorteurDeCode, maintenant: datetime) -> bool:
    """Whether a code was sent that may still be typed."""
    return bool(
        demarche.code_hache
        and demarche.code_expire_a is not None
        and demarche.code_expire_a > maintenant
        and demarche.code_essais < settings.CODE_ESSAIS
    )


@transaction.atomic
def renvoyer_code(*, demarche: PorteurDeCode, maintenant: datetime) -> bool:
    """Send another code at the person's request, except in the seconds that follow the last one (a double click).

    False when nothing is left to prove: no code is sent. Raises TropDeCodes.
    """
    verrouillee = type(demarche)._default_manager.select_for_update(of=("self",)).get(pk=demarche.pk)
    if verrouillee.est_verifiee:
        return False
    vient_de_partir = maintenant + timedelta(minutes=settings.CODE_MINUTES) - DOUBLE_CLIC
    expire_a = verrouillee.code_expire_a
    if code_en_cours(verrouillee, maintenant) and expire_a is not None and expire_a > vient_de_partir:
        return True
    envoyer_code(demarche=verrouillee, maintenant=maintenant)
    return True


def verifier_code(*, demarche: PorteurDeCode, code: str, maintenant: datetime) -> None:
    """Mark the contact as verified when `code` is the one sent. Raises CodeRefuse, each wrong try being counted.

    The count is committed even when the code is refused: the refusal is raised outside the transaction.
    """
    refus = ""
    with transaction.atomic():
        attendue = type(demarche)._default_manager.select_for_update(of=("self",)).get(pk=demarche.pk)
        if attendue.est_verifiee:
            pass
        elif not attendue.code_hache or attendue.code_expire_a is None or attendue.code_expire_a <= maintenant:
            refus = _("Ce code n'est plus valable. Demandez-en un nouveau.")
        elif attendue.code_essais >= settings.CODE_ESSAIS:
            refus = _("Trop d'essais avec ce code. Demandez-en un nouveau.")
        elif not hmac.compare_digest(_hacher_code(attendue, code), attendue.code_hache):
            type(demarche)._default_manager.filter(pk=attendue.pk).update(code_essais=F("code_essais") + 1)
            restants = settings.CODE_ESSAIS - attendue.code_essais - 1
            refus = (
                ngettext(
                    "Ce n'est pas le bon code. Il vous reste %(nombre)d essai.",
                    "Ce n'est pas le bon code. Il vous reste %(nombre)d essais.",
                    restants,
                )
                % {"nombre": restants}
                if restants
                else _("Ce n'est pas le bon code, et c'était le dernier essai. Demandez un nouveau code.")
            )
        else:
            attendue.contact_verifie = attendue.contact
            attendue.code_hache, attendue.code_expire_a = "", None
            attendue.save(update_fields=["contact_verifie", "code_hache", "code_expire_a"])
    if refus:
        raise CodeRefuse(refus)
    demarche.contact_verifie = demarche.contact
