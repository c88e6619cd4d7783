"""Writes of the prescribers: who they are, proved by a code; their devices; whom they accompany, and their limits.

A contact typed by a prescriber is proved by nobody. So a learner who is already known is reused as they are: nothing
of theirs is shown, replaced or completed.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from phonenumber_field.phonenumber import PhoneNumber

from reservations.identification import DOUBLE_CLIC, code_en_cours, envoyer_code, hacher, un_par_un, verifier_code
from reservations.models import (
    AppareilDuPrescripteur,
    Apprenant,
    ApprenantQuerySet,
    Demarche,
    IdentificationPrescripteur,
    Prescripteur,
    RendezVous,
)
from reservations.refus import TropDeCodes, TropDePrescriptions, TropPourCettePersonne
from reservations.requetes.apprenants import homonymes
from structures.models import jeton_secret

DUREE_DE_L_APPAREIL = timedelta(days=180)

# --- Who they are ---------------------------------------------------------------------------------------------------


def demander_code(
    *,
    jeton: str,
    courriel: str,
    adresse: str,
    maintenant: datetime,
    prenom: str = "",
    nom: str = "",
    telephone: PhoneNumber | str = "",
    organisation: str = "",
) -> IdentificationPrescripteur:
    """Keep what a prescriber says of themselves under that secret, and send a code to their address unless one is on
    its way. Known or not, the answer is the same. `adresse`: the network address.

    What was typed is committed even when the code is refused (TropDeCodes): the refusal is raised afterwards.
    """
    refus = None
    with transaction.atomic():
        un_par_un(f"identification:{jeton}")  # a double click sends one code: the second would cancel the first
        identification = IdentificationPrescripteur.objects.filter(jeton=jeton).first() or IdentificationPrescripteur(
            jeton=jeton, adresse=hacher(adresse, usage="adresse"), cree_le=maintenant
        )
        ancien_contact = identification.contact
        identification.prenom, identification.nom, identification.organisation = prenom, nom, organisation
        identification.courriel, identification.telephone = courriel, telephone
        if identification.contact != ancien_contact:
            identification.code_hache, identification.code_expire_a, identification.code_essais = "", None, 0
            identification.contact_verifie = ""
        identification.save()
        if not code_en_cours(identification, maintenant):
            try:
                envoyer_code(demarche=identification, maintenant=maintenant)
            except TropDeCodes as trop:
                refus = trop
    if refus is not None:
        raise refus
    return identification


def demander_l_entree(*, jeton: str, courriel: str, adresse: str, maintenant: datetime) -> IdentificationPrescripteur:
    """Send a code to who only gives an address. `jeton`: the secret of the form; it serves for a double click, and not
    later: whoever read it in the page of a shared computer would be the prescriber. Raises TropDeCodes.
    """
    deja = IdentificationPrescripteur.objects.filter(jeton=jeton).first()
    if deja is not None and (deja.est_verifiee or maintenant - deja.cree_le >= DOUBLE_CLIC):
        jeton = jeton_secret()
    return demander_code(jeton=jeton, courriel=courriel, adresse=adresse, maintenant=maintenant)


def identifier(
    *,
    identification: IdentificationPrescripteur,
    code: str,
    navigateur: str,
    maintenant: datetime,
    demarche: Demarche | None = None,
) -> tuple[Prescripteur | None, str]:
    """Return the prescriber whose address this code proves, and the secret that their browser keeps.

    Who they are is what they have just said; None when they only gave an address, and nobody is known by it.
    `demarche`: the booking in which they say it. Raises CodeRefuse.
    """
    verifier_code(demarche=identification, code=code, maintenant=maintenant)
    with transaction.atomic():
        un_par_un(f"prescripteur:{identification.contact}")
        prescripteur = Prescripteur.objects.filter(courriel__iexact=identification.courriel).first()
        if identification.organisation:
            prescripteur = prescripteur or Prescripteur(courriel=identification.courriel, cree_le=maintenant)
            modifier_prescripteur(
                prescripteur=prescripteur,
                prenom=identification.prenom,
                nom=identification.nom,
                telephone=identification.telephone,
                organisation=identification.organisation,
            )
        if prescripteur is None:
            return None, ""
        secret = jeton_secret()
        AppareilDuPrescripteur.objects.create(
            prescripteur=prescripteur,
            secret_hache=hacher(secret, usage="appareil"),
            nom=navigateur,
            expire_a=maintenant + DUREE_DE_L_APPAREIL,
            cree_le=maintenant,
        )
        if demarche is not None:
            Demarche.objects.filter(pk=demarche.pk).update(prescripteur=prescripteur)
    return prescripteur, secret


def modifier_prescripteur(
    *, prescripteur: Prescripteur, prenom: str, nom: str, telephone: PhoneNumber | str, organisation: str
) -> None:
    """Save who a prescriber is. Their address stays the one that a code proved."""
    prescripteur.prenom, prescripteur.nom = prenom, nom
    prescripteur.telephone, prescripteur.organisation = telephone, organisation
    prescripteur.save()


@transaction.atomic
def enregistrer(prescripteur: Prescripteur) -> Prescripteur:
    """Save an agent who books for someone else the first time; as the prescriber that they already were, if so."""
    if prescripteur.pk:
        return prescripteur
    un_par_un(f"prescripteur:{prescripteur.courriel.lower()}")
    siens = Q(agent=prescripteur.agent) | Q(courriel__iexact=prescripteur.courriel)
    enregistre = Prescripteur.objects.filter(siens).order_by("agent").first() or prescripteur
    enregistre.agent = prescripteur.agent
    enregistre.save()
    return enregistre


def oublier_appareil(*, appareil: AppareilDuPrescripteur) -> None:
    """The next booking from that browser asks who they are: a code given before opens nothing any more."""
    donnes = IdentificationPrescripteur.objects.filter(contact_verifie=appareil.prescripteur.courriel.lower())
    donnes.delete()
    appareil.delete()


# --- Whom they accompany --------------------------------------------------------------------------------------------


@transaction.atomic
def donner_beneficiaire(
    *,
    demarche: Demarche,
    prenom: str,
    nom: str,
    courriel: str,
    telephone: PhoneNumber | str,
    note: str,
    adresse_domicile: str = "",
) -> None:
    """Store whom the rendez-vous is for: kept even when the confirmation that follows is refused."""
    verrouillee = Demarche.objects.select_for_update(of=("self",)).get(pk=demarche.pk)
    if verrouillee.confirmee_le is None:
        verrouillee.prenom, verrouillee.nom, verrouillee.note = prenom, nom, note
        verrouillee.courriel, verrouillee.telephone = courriel, telephone
        verrouillee.adresse_domicile = adresse_domicile
        verrouillee.save(update_fields=["prenom", "nom", "note", "courriel", "telephone", "adresse_domicile"])


def apprenant_accompagne(demarche: Demarche) -> Apprenant:
    """Return the learner for whom a prescriber books, as the structure already knows them, or a new one."""
    connu = _deja_connus(demarche).select_for_update(of=("self",), no_key=True)  # an agent may be deleting it
    return connu.first() or Apprenant.objects.create(
        structure_id=demarche.motif.structure_id,
        prenom=demarche.prenom,
        nom=demarche.nom,
        courriel=demarche.courriel,
        telephone=demarche.telephone,
    )


def _deja_connus(demarche: Demarche) -> ApprenantQuerySet:
    """The learners of the structure who have this name and this number, else this e-mail address.

    Nothing is added to the one found. So one without an e-mail address is not the person for whom an address is given:
    it would let whoever types a name and a number receive that person's next messages. Without any contact, two people
    of one name stay two.
    """
    memes = homonymes(Apprenant(structure_id=demarche.motif.structure_id, prenom=demarche.prenom, nom=demarche.nom))
    if demarche.telephone:
        memes = memes.filter(telephone=demarche.telephone)
        return memes.exclude(courriel="") if demarche.courriel else memes
    return memes.filter(courriel__iexact=demarche.courriel) if demarche.courriel else memes.none()


def limiter_les_prescriptions(prescripteur: Prescripteur, demarche: Demarche, maintenant: datetime) -> None:
    """At most so many rendez-vous to come per person, and so many taken per prescriber and day; one after the other.

    Raises TropPourCettePersonne, TropDePrescriptions.
    """
    un_par_un(f"prescriptions:{prescripteur.pk}", f"rendez-vous:{hacher(demarche.contact, usage='contact')}")
    a_venir = RendezVous.objects.a_venir(maintenant)
    siens = a_venir.filter(participations__apprenant__in=_deja_connus(demarche)).count()
    par_contact = a_venir.du_contact(demarche.contact).count() if demarche.contact else 0
    if max(siens, par_contact) >= settings.RENDEZ_VOUS_PAR_CONTACT:
        raise TropPourCettePersonne
    pris = RendezVous.objects.filter(prescripteur=prescripteur, cree_le__gt=maintenant - timedelta(days=1)).count()
    if pris >= settings.RENDEZ_VOUS_PAR_PRESCRIPTEUR_ET_JOUR:
        raise TropDePrescriptions(pris)
