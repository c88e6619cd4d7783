"""Writes of the booking: hold a slot, verify a contact, confirm, cancel, follow up, move.

Every write that takes an agent's time first locks the agent's row, deletes the agent's expired options, asks the slots
engine again, then writes. The constraint `reservations_agent_deja_pris` is the last line: whatever gets past the lock
ends there, as a polite refusal.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from motifs.models import Motif, TypeLieu
from reservations.courrier import messagerie
from reservations.creneaux import Creneau, Demande, creneaux_libres, demande_du_public
from reservations.deplacement import a_sa_duree, creneaux_de_deplacement, refus_du_deplacement
from reservations.identification import hacher, instructions_acceptees, un_par_un
from reservations.models import (
    STATUTS_OCCUPANTS,
    Apprenant,
    Demarche,
    Par,
    Participation,
    Prescripteur,
    RendezVous,
    Statut,
)
from reservations.options import course_perdue_est_un_refus, liberer_options, verrouiller
from reservations.prescripteurs import apprenant_accompagne, limiter_les_prescriptions
from reservations.refus import (
    AnnulationImpossible,
    CreneauIndisponible,
    DemarcheIncomplete,
    DeplacementImpossible,
    MotifFerme,
    SuiviImpossible,
    TropDeCreneauxGardes,
    TropDeRendezVous,
)
from structures.models import Agent
from structures.requete_ecrite import ecrite_une_fois
from structures.services import verrouiller_agents

# --- Options ------------------------------------------------------------------------------------------------------


def prendre_option(
    *,
    motif_id: int,
    structure_id: int,
    lieu_id: int | None,
    debut: datetime,
    visiteur: str,
    adresse: str,
    maintenant: datetime,
    demarche: Demarche | None = None,
    agent_id: int | None = None,
    par_prescripteur: bool = False,
    prescripteur: Prescripteur | None = None,
) -> Demarche:
    """Hold a slot (start in UTC) for `settings.OPTION_MINUTES`, and return the booking in progress that holds it.

    With `demarche`, that booking changes its slot, or takes its expired one back; what was typed is kept, and on a
    refusal so is the slot held before. Asked twice for the same slot by the same visitor (a double click), it is the
    same option, and expires when it would have. `adresse` is the network address, `agent_id` the only agent wanted,
    `par_prescripteur` the way it is taken, and `prescripteur` who takes it, if they are already known.

    Raises MotifFerme, CreneauIndisponible, TropDeCreneauxGardes.
    """
    motif = motif_reservable(motif_id=motif_id, structure_id=structure_id, par_prescripteur=par_prescripteur)
    choix = _Choix(
        motif,
        lieu_id,
        debut,
        visiteur,
        hacher(adresse, usage="adresse"),
        agent_id,
        par_prescripteur,
        prescripteur.pk if prescripteur else None,
    )
    return _prendre_option(choix, maintenant, demarche)


@dataclass(frozen=True)
class _Choix:
    """The slot that a visitor wants and how they came: by which link, from which network address (hashed)."""

    motif: Motif
    lieu_id: int | None
    debut: datetime
    visiteur: str
    adresse: str
    agent_id: int | None
    par_prescripteur: bool
    prescripteur_id: int | None = None
    minutes: int = settings.OPTION_MINUTES  # how long it is held

    def est_celui_de(self, demarche: Demarche) -> bool:
        return (self.motif.pk, self.lieu_id, self.debut, self.agent_id, self.par_prescripteur) == (
            demarche.motif_id,
            demarche.lieu_id,
            demarche.debut,
            demarche.agent_id,
            demarche.par_prescripteur,
        )


def _prendre_option(choix: _Choix, maintenant: datetime, demarche: Demarche | None) -> Demarche:
    tenues = _demarches_tenues(choix.visiteur, maintenant)
    for tenue in tenues:
        if choix.est_celui_de(tenue) and (demarche is None or demarche.pk == tenue.pk):
            return tenue
    de_plus = demarche is None or option_vivante(demarche, maintenant) is None  # else it changes its slot for another
    # At most so many slots held per visitor: the oldest are given back for the new one.
    au_plus = settings.OPTIONS_PAR_VISITEUR - 1 if de_plus else len(tenues)
    de_trop = [option for tenue in tenues[au_plus:] if (option := option_vivante(tenue, maintenant))]
    for creneau in _creneaux_a_cette_heure(choix, maintenant):
        try:
            with course_perdue_est_un_refus(), transaction.atomic():
                if de_plus:  # counted one at a time: many requests may have arrived together
                    un_par_un(f"options:{choix.adresse}")
                    _limiter_par_adresse(choix, maintenant)
                return _garder(creneau, choix, demarche, maintenant, de_trop)
        except CreneauIndisponible:
            continue  # another agent may be free at that time
    raise CreneauIndisponible


def garder_pour(
    *, creneau: Creneau, motif: Motif, visiteur: str, minutes: int, maintenant: datetime, agent_id: int | None = None
) -> Demarche:
    """Hold a slot that the engine gave for someone who is not there to ask. Raises CreneauIndisponible."""
    choix = _Choix(
        motif, creneau.lieu_id, creneau.debut, visiteur, "", agent_id, par_prescripteur=False, minutes=minutes
    )
    with course_perdue_est_un_refus(), transaction.atomic():
        return _garder(creneau, choix, None, maintenant)


def motif_reservable(*, motif_id: int, structure_id: int, par_prescripteur: bool = False) -> Motif:
    """Return a motif of that structure that this way may book online, read now; raises MotifFerme."""
    for motif in _motif_ouvert(motif_id, structure_id, prescripteur=par_prescripteur):
        return motif
    raise MotifFerme


@ecrite_une_fois
def _motif_ouvert(motif_id: int, structure_id: int, *, prescripteur: bool) -> QuerySet[Motif]:
    ouverts = Motif.objects.ouverts_a(prescripteur=prescripteur).select_related("structure")
    return ouverts.filter(pk=motif_id, structure=structure_id)


def _demarches_tenues(visiteur: str, maintenant: datetime) -> list[Demarche]:
    """Return the bookings in progress of a visitor that hold a slot, the last one taken first: most hold none yet."""
    if not (tenues := _options_tenues(visiteur, maintenant)):
        return []
    demarches = Demarche.objects.filter(rendez_vous__in=tenues).select_related("rendez_vous")
    return list(demarches.order_by("-rendez_vous__cree_le"))


@ecrite_une_fois
def _options_tenues(visiteur: str, maintenant: datetime) -> QuerySet[RendezVous, int]:
    tenues = RendezVous.objects.filter(visiteur=visiteur, statut=Statut.OPTION, expire_a__gt=maintenant)
    return tenues.values_list("pk", flat=True)


def _limiter_par_adresse(choix: _Choix, maintenant: datetime) -> None:
    """At most so many slots held per network address; none when it was held for someone who waits."""
    if not choix.adresse:
        return
    gardees = _gardees_par_d_autres(choix.adresse, choix.visiteur, maintenant)
    if len(gardees) >= settings.OPTIONS_PAR_ADRESSE:
        raise TropDeCreneauxGardes


@ecrite_une_fois
def _gardees_par_d_autres(adresse: str, visiteur: str, maintenant: datetime) -> QuerySet[RendezVous, int]:
    gardees = RendezVous.objects.filter(statut=Statut.OPTION, expire_a__gt=maintenant, adresse=adresse)
    return gardees.exclude(visiteur=visiteur).values_list("pk", flat=True)


def _creneaux_a_cette_heure(choix: _Choix, maintenant: datetime) -> list[Creneau]:
    """Return the free slots of the public at the time chosen: the least loaded agent of that week first, then by id.

    Nothing random: the same choice is made twice (design, "Time and slots").
    """
    demande = demande_du_public(choix.motif, maintenant=maintenant, du=choix.debut, au=choix.debut)
    agents = None if choix.agent_id is None else [choix.agent_id]
    libres = creneaux_libres([demande], maintenant=maintenant, visiteur=choix.visiteur, agents=agents)
    creneaux = [creneau for creneau in libres if creneau.lieu_id == choix.lieu_id]
    return _moins_charges_d_abord(creneaux, choix.motif, choix.debut, maintenant)


def _moins_charges_d_abord(
    creneaux: list[Creneau], motif: Motif, debut: datetime, maintenant: datetime
) -> list[Creneau]:
    if len(creneaux) > 1:
        lundi = debut.astimezone(motif.structure.tz).replace(hour=0, minute=0, second=0, microsecond=0)
        lundi -= timedelta(days=lundi.weekday())
        charge = dict(
            RendezVous.objects.filter(
                agent__in={c.agent_id for c in creneaux},
                debut__gte=lundi,
                debut__lt=lundi + timedelta(days=7),
                statut__in=STATUTS_OCCUPANTS,
            )
            .filter(Q(expire_a__isnull=True) | Q(expire_a__gt=maintenant))
            .values_list("agent")
            .annotate(nombre=Count("pk"))
        )
        creneaux.sort(key=lambda c: (charge.get(c.agent_id, 0), c.agent_id))
    return creneaux


def _garder(
    creneau: Creneau,
    choix: _Choix,
    demarche: Demarche | None,
    maintenant: datetime,
    de_trop: Collection[RendezVous] = (),
) -> Demarche:
    """Write the option on that slot, under the agent's lock, after asking the engine again. In a transaction.

    `de_trop`: options given back in exchange, whose agents are locked with theirs.
    """
    ancienne = None
    agent_quitte = _agent_de(demarche)
    verrouiller({creneau.agent_id, *(option.agent_id for option in de_trop), agent_quitte or creneau.agent_id})
    if demarche is not None:
        # Read again under the lock: it may have been confirmed in another tab, or its option deleted or moved.
        demarche = Demarche.objects.select_for_update().get(pk=demarche.pk)
        if demarche.confirmee_le is not None:
            return demarche
        ancienne = RendezVous.objects.filter(demarche=demarche.pk, statut=Statut.OPTION).first()
        if ancienne is not None and ancienne.agent_id not in {creneau.agent_id, agent_quitte}:
            raise CreneauIndisponible
    _faire_place(creneau, ancienne, choix.visiteur, maintenant, de_trop)
    demande = Demande(choix.motif, creneau.debut, creneau.debut)
    encore_libre = creneaux_libres(
        [demande], maintenant=maintenant, agents=[creneau.agent_id], sauf=ancienne.pk if ancienne else 0
    )
    if creneau not in encore_libre:
        raise CreneauIndisponible
    option = ancienne or RendezVous()
    motif = choix.motif
    option.structure, option.motif, option.type_lieu = motif.structure, motif, motif.type_lieu
    option.agent_id, option.lieu_id = creneau.agent_id, creneau.lieu_id
    option.debut, option.fin, option.pause = creneau.debut, creneau.fin, creneau.pause
    option.statut, option.expire_a = Statut.OPTION, maintenant + timedelta(minutes=choix.minutes)
    option.visiteur, option.adresse, option.cree_le = choix.visiteur, choix.adresse, maintenant
    option.save()
    demarche = demarche or Demarche(visiteur=choix.visiteur, adresse=choix.adresse, cree_le=maintenant)
    demarche.motif, demarche.lieu_id, demarche.debut = motif, creneau.lieu_id, creneau.debut
    demarche.agent_id, demarche.par_prescripteur = choix.agent_id, choix.par_prescripteur
    demarche.prescripteur_id = choix.prescripteur_id
    demarche.rendez_vous = option
    demarche.save()
    return demarche


def _agent_de(demarche: Demarche | None) -> int | None:
    """Return the agent whose time a booking in progress takes, None if it takes none."""
    return next(iter(_agents_pris(demarche.pk)), None) if demarche else None


@ecrite_une_fois
def _agents_pris(demarche_id: int) -> QuerySet[RendezVous, int]:
    return RendezVous.objects.filter(demarche=demarche_id).values_list("agent", flat=True)


def _faire_place(
    creneau: Creneau,
    ancienne: RendezVous | None,
    visiteur: str,
    maintenant: datetime,
    de_trop: Collection[RendezVous],
) -> None:
    """Delete the agent's expired options, and this visitor's own options that the new slot replaces.

    The option being moved is kept: its row is updated, since inserting before deleting would collide with itself.
    """
    occupe = DateTimeTZRange(creneau.debut, creneau.fin + timedelta(minutes=creneau.pause))
    a_rendre = {option.pk for option in de_trop}
    a_rendre.update(_options_a_remplacer(creneau.agent_id, visiteur, occupe, maintenant))
    if ancienne is not None:
        a_rendre.discard(ancienne.pk)
    if a_rendre:
        # Asked again under the rows' locks: its visitor may just have prolonged one that had expired.
        perimee = Q(expire_a__lte=maintenant) | Q(visiteur=visiteur)
        liberer_options(RendezVous.objects.filter(perimee, pk__in=a_rendre))


@ecrite_une_fois
def _options_a_remplacer(
    agent_id: int, visiteur: str, occupe: DateTimeTZRange, maintenant: datetime
) -> QuerySet[RendezVous, int]:
    a_remplacer = Q(expire_a__lte=maintenant) | Q(visiteur=visiteur, periode__overlap=occupe)
    return RendezVous.objects.filter(a_remplacer, agent=agent_id, statut=Statut.OPTION).values_list("pk", flat=True)


@transaction.atomic
def prolonger_option(*, demarche: Demarche, maintenant: datetime) -> RendezVous:
    """Hold the slot again for `settings.OPTION_MINUTES` from now, `OPTION_MINUTES_MAXIMUM` after it was taken at most.

    Raises CreneauIndisponible when the option has expired: the caller offers to take it back.
    """
    option = (
        RendezVous.objects.select_for_update(of=("self",))
        .filter(demarche=demarche.pk, statut=Statut.OPTION, expire_a__gt=maintenant)
        .first()
    )
    if option is None or option.expire_a is None:
        raise CreneauIndisponible(_("Le créneau n'est plus gardé."))
    dernier = option.cree_le + timedelta(minutes=settings.OPTION_MINUTES_MAXIMUM)
    option.expire_a = max(option.expire_a, min(maintenant + timedelta(minutes=settings.OPTION_MINUTES), dernier))
    option.save(update_fields=["expire_a"])
    return option


def option_vivante(demarche: Demarche, maintenant: datetime) -> RendezVous | None:
    """Return the option of a booking in progress if it still holds the slot."""
    try:
        option = demarche.rendez_vous
    except RendezVous.DoesNotExist:  # deleted since this row was read: it had expired
        return None
    if option is None or option.statut != Statut.OPTION or option.expire_a is None or option.expire_a <= maintenant:
        return None
    return option


# --- Confirm --------------------------------------------------------------------------------------------------------

ECRITS_A_LA_CONFIRMATION = (
    "statut",
    "expire_a",
    "cree_le",
    "visiteur",
    "adresse",
    "adresse_domicile",
    "agent_choisi",
    "prescripteur",
    "note_du_prescripteur",
)


def confirmer(
    *, demarche: Demarche, maintenant: datetime, langue: str = "", prescripteur: Prescripteur | None = None
) -> RendezVous:
    """Turn a complete booking in progress into a rendez-vous. Asked twice, it gives the same rendez-vous.

    `langue`: in which the learner is written to from now on; "": as before, French for someone new.

    An option that expired meanwhile is taken back if its slot is still free; one whose agent is no longer available is
    given up for another agent's. `prescripteur`: who books it, when it was begun by their way.
    Raises DemarcheIncomplete, MotifFerme, CreneauIndisponible, TropDeCreneauxGardes, TropDeRendezVous,
    TropPourCettePersonne, TropDePrescriptions.
    """
    try:
        return _confirmer(demarche, maintenant, langue, prescripteur)
    except _OptionExpiree:
        pass
    except _AgentIndisponible:
        liberer_options(RendezVous.objects.filter(demarche=demarche.pk))
    demarche = Demarche.objects.select_related("motif").get(pk=demarche.pk)
    _verifier_complete(demarche, prescripteur)
    choix = _Choix(
        _motif_de(demarche),
        demarche.lieu_id,
        demarche.debut,
        demarche.visiteur,
        demarche.adresse,
        demarche.agent_id,
        demarche.par_prescripteur,
        demarche.prescripteur_id,
    )
    return _confirmer(_prendre_option(choix, maintenant, demarche), maintenant, langue, prescripteur)


class _OptionExpiree(CreneauIndisponible):
    """The slot is no longer held: it may still be free."""


class _AgentIndisponible(CreneauIndisponible):
    """The agent of the slot held is no longer there for it: another one may be."""


def _motif_de(demarche: Demarche) -> Motif:
    """Return the motif of a booking in progress, if it may still be booked that way; raises MotifFerme."""
    return motif_reservable(
        motif_id=demarche.motif_id,
        structure_id=demarche.motif.structure_id,
        par_prescripteur=demarche.par_prescripteur,
    )


def _limiter_les_rendez_vous(demarche: Demarche, maintenant: datetime) -> None:
    """At most so many rendez-vous to come per verified contact, two confirmations of one contact in turn."""
    un_par_un(f"rendez-vous:{hacher(demarche.contact, usage='contact')}")
    nombre = len(_a_venir_du_contact(demarche.contact, maintenant, courriel=bool(demarche.courriel)))
    if nombre >= settings.RENDEZ_VOUS_PAR_CONTACT:
        raise TropDeRendezVous(nombre)


@ecrite_une_fois
def _a_venir_du_contact(contact: str, maintenant: datetime, *, courriel: bool) -> QuerySet[RendezVous, int]:
    siens = RendezVous.objects.du_courriel(contact) if courriel else RendezVous.objects.du_telephone(contact)
    return siens.a_venir(maintenant).values_list("pk", flat=True)


def _verifier_complete(demarche: Demarche, prescripteur: Prescripteur | None) -> None:
    if demarche.par_prescripteur != (prescripteur is not None):
        raise DemarcheIncomplete
    if not instructions_acceptees(demarche):
        raise DemarcheIncomplete(_("Lisez et acceptez d'abord les instructions."))
    if not (demarche.prenom and demarche.nom and (demarche.est_verifiee or prescripteur)):
        raise DemarcheIncomplete(_("Donnez d'abord vos coordonnées, puis le code reçu."))
    if demarche.motif.type_lieu == TypeLieu.TELEPHONE and not demarche.telephone:
        raise DemarcheIncomplete(_("Pour un rendez-vous par téléphone, donnez le numéro où vous appeler."))
    if demarche.motif.type_lieu == TypeLieu.DOMICILE and not demarche.adresse_domicile:
        raise DemarcheIncomplete(_("Pour un rendez-vous à domicile, donnez l'adresse où venir."))


def _confirmer(demarche: Demarche, maintenant: datetime, langue: str, prescripteur: Prescripteur | None) -> RendezVous:
    with course_perdue_est_un_refus(), transaction.atomic():
        agent_id = _agent_de(demarche)
        if agent_id is None:
            raise _OptionExpiree
        verrouiller({agent_id})
        # Everything is read here, under the lock, in one query: what the caller knew may have changed.
        [relue] = _a_confirmer(demarche.pk)
        return _confirmer_sous_verrou(relue, agent_id, maintenant, langue, prescripteur)


@ecrite_une_fois
def _a_confirmer(demarche_id: int) -> QuerySet[Demarche]:
    relues = Demarche.objects.select_for_update(of=("self",)).filter(pk=demarche_id)
    return relues.select_related("rendez_vous__motif__structure", "rendez_vous__agent", "rendez_vous__lieu")


def _confirmer_sous_verrou(
    demarche: Demarche, agent_id: int, maintenant: datetime, langue: str, prescripteur: Prescripteur | None
) -> RendezVous:
    rendez_vous = demarche.rendez_vous
    if rendez_vous is None or rendez_vous.agent_id != agent_id:
        raise CreneauIndisponible
    if demarche.confirmee_le is not None:
        return rendez_vous
    motif = demarche.motif = rendez_vous.motif
    _verifier_complete(demarche, prescripteur)
    if option_vivante(demarche, maintenant) is None:
        raise _OptionExpiree
    if prescripteur is not None:
        limiter_les_prescriptions(prescripteur, demarche, maintenant)
    else:
        _limiter_les_rendez_vous(demarche, maintenant)
    if not motif.est_ouvert_a(prescripteur=demarche.par_prescripteur):
        raise MotifFerme
    if not _tenable(rendez_vous, motif, maintenant):
        raise _AgentIndisponible
    rendez_vous.structure = motif.structure
    rendez_vous.statut, rendez_vous.expire_a, rendez_vous.cree_le = Statut.PREVU, None, maintenant
    rendez_vous.visiteur = rendez_vous.adresse = ""  # whose option it was has no use any more
    rendez_vous.adresse_domicile = demarche.adresse_domicile if motif.type_lieu == TypeLieu.DOMICILE else ""
    rendez_vous.agent_choisi = demarche.agent_id is not None
    rendez_vous.prescripteur, rendez_vous.note_du_prescripteur = prescripteur, demarche.note if prescripteur else ""
    rendez_vous.save(update_fields=ECRITS_A_LA_CONFIRMATION)
    accepte = bool(motif.instructions_a_accepter.strip())
    participation = Participation.objects.create(
        rendez_vous=rendez_vous,
        apprenant=apprenant_accompagne(demarche) if prescripteur else _apprenant(demarche, langue),
        instructions=demarche.instructions if accepte else "",
        instructions_acceptees_le=demarche.instructions_acceptees_le if accepte else None,
        instructions_acceptees_par=str(prescripteur) if accepte and prescripteur else "",
    )
    rendez_vous.inscrits = [participation]
    demarche.confirmee_le = maintenant
    demarche.save(update_fields=["confirmee_le"])
    messagerie.annoncer_confirmation(rendez_vous=rendez_vous, auteur=prescripteur.agent if prescripteur else None)
    return rendez_vous


def _tenable(option: RendezVous, motif: Motif, maintenant: datetime) -> bool:
    """Whether its agent is still there for it: an absence, a plage or a lieu may have changed since it was taken."""
    demande = Demande(motif, option.debut, option.debut)
    libres = creneaux_libres([demande], maintenant=maintenant, agents=[option.agent_id], sauf=option.pk)
    return option.debut > maintenant and any(c.lieu_id == option.lieu_id and c.fin == option.fin for c in libres)


def verifier_encore_possible(*, demarche: Demarche, maintenant: datetime) -> None:
    """Refuse a booking in progress that can no longer end well, before the person types any more. Two queries.

    Raises MotifFerme, CreneauIndisponible.
    """
    demande = Demande(_motif_de(demarche), demarche.debut, demarche.debut)
    agents = None if demarche.agent_id is None else [demarche.agent_id]
    libres = creneaux_libres([demande], maintenant=maintenant, agents=agents, visiteur=demarche.visiteur)
    if demarche.debut <= maintenant or all(c.lieu_id != demarche.lieu_id for c in libres):
        raise CreneauIndisponible


def _apprenant(demarche: Demarche, langue: str) -> Apprenant:
    """Return the learner of the structure with this name and this verified contact, or a new one.

    The contact is the one that a code verified, on both sides: beside an e-mail address, a number was only typed.
    Otherwise whoever typed somebody's name and number would receive, at their own address, that person's next link.
    """
    connus = _apprenants_connus(
        demarche.motif.structure_id,
        demarche.prenom,
        demarche.nom,
        demarche.contact,
        courriel=bool(demarche.courriel),
    )
    apprenant = next(iter(connus), None)
    if apprenant is None:
        return Apprenant.objects.create(
            structure_id=demarche.motif.structure_id,
            prenom=demarche.prenom,
            nom=demarche.nom,
            courriel=demarche.courriel,
            telephone=demarche.telephone,
            langue=langue or settings.LANGUAGE_CODE,
        )
    voulus = (demarche.telephone or apprenant.telephone, langue or apprenant.langue)
    if (apprenant.telephone, apprenant.langue) != voulus:
        apprenant.telephone, apprenant.langue = voulus
        apprenant.save(update_fields=["telephone", "langue"])
    return apprenant


@ecrite_une_fois
def _apprenants_connus(
    structure_id: int, prenom: str, nom: str, contact: str, *, courriel: bool
) -> QuerySet[Apprenant]:
    par_contact = Q(courriel__iexact=contact) if courriel else Q(courriel="", telephone=contact)
    sous_verrou = Apprenant.objects.select_for_update(of=("self",), no_key=True)  # an agent may be deleting it
    connus = sous_verrou.filter(par_contact, structure=structure_id, prenom__iexact=prenom, nom__iexact=nom)
    return connus.order_by("pk")[:1]


# --- Cancel ---------------------------------------------------------------------------------------------------------


def annuler_par_apprenant(*, rendez_vous: RendezVous, maintenant: datetime) -> RendezVous:
    """Cancel at the learner's request: the time is free again. Already cancelled, nothing changes.

    Raises AnnulationImpossible after the structure's limit, or once the rendez-vous has begun or is closed.
    """
    return _annuler(rendez_vous, Statut.EXCUSE, "", maintenant, par=Par.PERSONNE)


def annuler_par_prescripteur(*, rendez_vous: RendezVous, maintenant: datetime) -> RendezVous:
    """Cancel in the learner's name, within the same limit: by the prescriber who took it, which the caller knows.

    Raises AnnulationImpossible.
    """
    auteur = rendez_vous.prescripteur.agent if rendez_vous.prescripteur else None
    return _annuler(rendez_vous, Statut.EXCUSE, "", maintenant, auteur, par=Par.PRESCRIPTEUR)


def annuler_par_structure(
    *, rendez_vous: RendezVous, message: str, maintenant: datetime, auteur: Agent | None = None
) -> RendezVous:
    """Cancel by the structure, with a message to the learner: possible until it begins.

    auteur: the agent who cancels, who may not want to be written to about it.
    """
    return _annuler(rendez_vous, Statut.ANNULE, message, maintenant, auteur)


@transaction.atomic
def _annuler(
    rendez_vous: RendezVous,
    statut: Statut,
    message: str,
    maintenant: datetime,
    auteur: Agent | None = None,
    *,
    par: Par = Par.STRUCTURE,
) -> RendezVous:
    verrouiller_agents([rendez_vous.agent_id])
    rendez_vous = RendezVous.objects.select_for_update(of=("self",)).get(pk=rendez_vous.pk)
    if rendez_vous.annule_le is not None:
        return rendez_vous
    par_soi_meme = par != Par.STRUCTURE
    if not (rendez_vous.est_annulable_par_la_personne if par_soi_meme else rendez_vous.est_annulable)(maintenant):
        raise AnnulationImpossible
    rendez_vous.statut, rendez_vous.annule_le, rendez_vous.message_d_annulation = statut, maintenant, message
    rendez_vous.annule_par_prescripteur = par == Par.PRESCRIPTEUR
    rendez_vous.sequence += 1
    rendez_vous.save(
        update_fields=["statut", "annule_le", "message_d_annulation", "annule_par_prescripteur", "sequence"]
    )
    messagerie.annoncer_annulation(rendez_vous=rendez_vous, auteur=auteur)
    return rendez_vous


# --- Follow up ------------------------------------------------------------------------------------------------------


def noter_presence(
    *, rendez_vous: RendezVous, statut: Statut, maintenant: datetime, auteur: Agent | None = None
) -> RendezVous:
    """Write what became of a rendez-vous: HONORE or ABSENT once it has begun, EXCUSE when the person gave notice, PREVU
    again when it was a mistake. The same twice is once.

    EXCUSE before it begins is a cancellation, told as such. Taking a cancelled one back is a booking: the agent may
    have been booked since, and the constraint then refuses. Raises SuiviImpossible, CreneauIndisponible.
    """
    with course_perdue_est_un_refus(), transaction.atomic():
        return _noter_sous_verrou(rendez_vous, statut, maintenant, auteur)


def _noter_sous_verrou(ancien: RendezVous, statut: Statut, maintenant: datetime, auteur: Agent | None) -> RendezVous:
    rendez_vous = _relire_sous_verrou(ancien, {ancien.agent_id})
    if statut == rendez_vous.statut:
        return rendez_vous
    annule, commence = rendez_vous.annule_le is not None, rendez_vous.debut <= maintenant
    match statut:
        case Statut.HONORE | Statut.ABSENT:
            if annule:
                raise SuiviImpossible("Ce rendez-vous est annulé. Rétablissez-le d'abord.")
            if not commence:
                raise SuiviImpossible("Ce rendez-vous n'a pas encore commencé.")
        case Statut.EXCUSE:
            if annule:
                raise SuiviImpossible("Ce rendez-vous est déjà annulé.")
            if not commence:
                return _annuler(rendez_vous, Statut.EXCUSE, "", maintenant, auteur)
            rendez_vous.annule_le = maintenant
        case Statut.PREVU:
            if annule:
                return _retablir(rendez_vous, maintenant, auteur)
        case _:
            raise SuiviImpossible
    rendez_vous.statut = statut
    rendez_vous.save(update_fields=["statut", "annule_le"])
    return rendez_vous


def _relire_sous_verrou(ancien: RendezVous, agents: set[int]) -> RendezVous:
    """Lock these agents, then the rendez-vous, read now. One that changed agent meanwhile is not under these locks."""
    verrouiller(agents)
    rendez_vous = RendezVous.objects.select_for_update(of=("self",)).exclude(statut=Statut.OPTION).get(pk=ancien.pk)
    if rendez_vous.agent_id not in agents:
        raise SuiviImpossible
    return rendez_vous


def _retablir(rendez_vous: RendezVous, maintenant: datetime, auteur: Agent | None) -> RendezVous:
    """Give its time back to a cancelled rendez-vous, under the agent's lock, and tell everyone if it is to come."""
    if not rendez_vous.structure.agents.filter(pk=rendez_vous.agent_id, is_active=True).exists():
        raise SuiviImpossible("L'agent de ce rendez-vous n'est plus dans la structure.")
    liberer_options(RendezVous.objects.options_expirees(maintenant).filter(agent=rendez_vous.agent_id))
    rendez_vous.statut, rendez_vous.annule_le, rendez_vous.message_d_annulation = Statut.PREVU, None, ""
    rendez_vous.annule_par_prescripteur = False
    rendez_vous.sequence += 1
    rendez_vous.save(
        update_fields=["statut", "annule_le", "message_d_annulation", "annule_par_prescripteur", "sequence"]
    )
    if rendez_vous.debut > maintenant:
        messagerie.annoncer_confirmation(rendez_vous=rendez_vous, auteur=auteur)
    return rendez_vous


def deplacer(
    *, rendez_vous: RendezVous, agent_id: int, debut: datetime, maintenant: datetime, auteur: Agent | None = None
) -> RendezVous:
    """Move a rendez-vous to a free slot (start in UTC) of the same motif and lieu, with any agent of the structure.

    One UPDATE: on a refusal nothing changed. Everyone concerned is told. To where it already is, nothing changes.
    Raises SuiviImpossible, CreneauIndisponible.
    """
    if not rendez_vous.structure.agents.filter(pk=agent_id, is_active=True).exists():
        raise CreneauIndisponible
    with course_perdue_est_un_refus(), transaction.atomic():
        return _deplacer_sous_verrou(rendez_vous, agent_id, debut, maintenant, auteur)


def _deplacer_sous_verrou(
    ancien: RendezVous,
    agent_id: int,
    debut: datetime,
    maintenant: datetime,
    auteur: Agent | None,
    *,
    par: Par = Par.STRUCTURE,
) -> RendezVous:
    rendez_vous = _relire_sous_verrou(ancien, {ancien.agent_id, agent_id})
    if not rendez_vous.est_annulable(maintenant):
        raise SuiviImpossible(_("Ce rendez-vous a commencé ou n'est plus prévu : il ne peut plus être déplacé."))
    if (rendez_vous.agent_id, rendez_vous.debut) == (agent_id, debut):
        return rendez_vous
    liberer_options(RendezVous.objects.options_expirees(maintenant).filter(agent=agent_id))
    libres = creneaux_de_deplacement(rendez_vous, du=debut, au=debut, agents=[agent_id], maintenant=maintenant)
    if not libres:
        raise CreneauIndisponible
    depuis = (rendez_vous.agent, rendez_vous.debut, rendez_vous.fin)
    creneau = libres[0]
    rendez_vous.agent_choisi = rendez_vous.agent_choisi and rendez_vous.agent_id == agent_id
    rendez_vous.agent_id, rendez_vous.debut, rendez_vous.fin = agent_id, creneau.debut, creneau.fin
    rendez_vous.pause = creneau.pause
    rendez_vous.sequence += 1
    rendez_vous.save(update_fields=["agent", "agent_choisi", "debut", "fin", "pause", "sequence"])
    messagerie.annoncer_deplacement(rendez_vous=rendez_vous, depuis=depuis, auteur=auteur, par=par)
    return rendez_vous


def deplacer_par_apprenant(
    *, rendez_vous: RendezVous, debut: datetime, maintenant: datetime, par: Par = Par.PERSONNE
) -> RendezVous:
    """Move a rendez-vous to a slot of the public (start in UTC), at the learner's request, or at that of their
    prescriber.

    Same motif, duration and lieu; the same agent when they are free or were chosen, else the least loaded one. It may
    overlap its own old time. On a refusal nothing changed; asked twice (a double click), it is moved once.
    Raises DeplacementImpossible, SuiviImpossible, CreneauIndisponible.
    """
    rendez_vous = RendezVous.objects.select_related("structure", "motif").get(pk=rendez_vous.pk)
    if rendez_vous.debut == debut:
        return rendez_vous
    if refus := refus_du_deplacement(rendez_vous, maintenant):
        raise DeplacementImpossible(refus)
    motif = a_sa_duree(rendez_vous)
    libres = creneaux_libres(
        [demande_du_public(motif, maintenant=maintenant, du=debut, au=debut)],
        maintenant=maintenant,
        agents=[rendez_vous.agent_id] if rendez_vous.agent_choisi else None,
        lieux=None if rendez_vous.lieu_id is None else [rendez_vous.lieu_id],
        sauf=rendez_vous.pk,
    )
    creneaux = _moins_charges_d_abord(libres, motif, debut, maintenant)
    for creneau in sorted(creneaux, key=lambda c: c.agent_id != rendez_vous.agent_id):
        try:
            with course_perdue_est_un_refus(), transaction.atomic():
                actuel = _relire_sous_verrou(rendez_vous, {rendez_vous.agent_id, creneau.agent_id})
                if actuel.debut == debut:
                    return actuel
                if refus := refus_du_deplacement(actuel, maintenant):
                    raise DeplacementImpossible(refus)
                auteur = actuel.prescripteur.agent if actuel.prescripteur and par == Par.PRESCRIPTEUR else None
                return _deplacer_sous_verrou(actuel, creneau.agent_id, debut, maintenant, auteur, par=par)
        except CreneauIndisponible:
            continue  # another agent may be free at that time
    raise CreneauIndisponible


def deplacer_vers_option(*, rendez_vous: RendezVous, option: RendezVous, maintenant: datetime) -> RendezVous:
    """Move a rendez-vous, at the learner's request, to the slot held for them. On a refusal nothing changed, and the
    slot stays held. Raises DeplacementImpossible, SuiviImpossible, CreneauIndisponible."""
    with course_perdue_est_un_refus(), transaction.atomic():
        rendez_vous = RendezVous.objects.get(pk=rendez_vous.pk)
        actuel = _relire_sous_verrou(rendez_vous, {rendez_vous.agent_id, option.agent_id})
        if refus := refus_du_deplacement(actuel, maintenant):
            raise DeplacementImpossible(refus)
        if not liberer_options(RendezVous.objects.filter(pk=option.pk, expire_a__gt=maintenant)):
            raise CreneauIndisponible
        return _deplacer_sous_verrou(actuel, option.agent_id, option.debut, maintenant, None, par=Par.PERSONNE)
