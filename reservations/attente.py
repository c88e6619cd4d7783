"""The waiting list: a place that is free again is offered to one person at a time, and held for them meanwhile.

Nothing tells this module that a place is free (cancelled, moved, opened…): a job asks the slots engine. The order of
locks is the contact, the person's row, then the agents'; the job skips the rows that are locked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import PhoneNumber

from motifs.models import Motif
from reservations import services
from reservations.courrier import messagerie
from reservations.creneaux import UN_INSTANT, Creneau, Demande, creneaux_libres, demande_du_public, premiers_creneaux
from reservations.deplacement import refus_du_deplacement
from reservations.identification import accepter_instructions, envoyer_code, hacher, un_par_un, verifier_code
from reservations.models import Attente, AttenteQuerySet, Demarche, RendezVous, Statut
from reservations.options import liberer_options
from reservations.refus import AttenteImpossible, CreneauIndisponible, MotifFerme
from reservations.tour import Souhait, fin_de_l_attente, heure_de_prevenir, places_pour
from structures.models import Agent, Lieu, jeton_secret

# From the first place that is free: further away, it is for another run.
HORIZON = timedelta(days=28)

# --- On the list, off the list ------------------------------------------------------------------------------------


@transaction.atomic
def demander(
    *,
    motif: Motif,
    lieu: Lieu | None,
    agent: Agent | None,
    prenom: str,
    nom: str,
    courriel: str,
    telephone: PhoneNumber | str,
    adresse: str,
    maintenant: datetime,
    adresse_domicile: str = "",
    langue: str = settings.LANGUAGE_CODE,
    jeton: str = "",
) -> Attente:
    """Write who asks to be told, and in what language, and send a code there.

    `adresse`: the network address. `jeton`: the secret of the form; the same one sent twice for one contact (a double
    click) is one request and one code. Raises TropDeCodes.
    """
    jeton = jeton or jeton_secret()
    un_par_un(f"demande-d-attente:{jeton}")
    deja = Attente.objects.filter(jeton=jeton).first()
    if deja is not None and (deja.courriel, deja.telephone) == (courriel, telephone):
        if deja.inscrite_le is None:  # a name put right with "back"
            deja.prenom, deja.nom, deja.adresse_domicile = prenom, nom, adresse_domicile
            deja.save(update_fields=["prenom", "nom", "adresse_domicile"])
        return deja
    attente = Attente.objects.create(
        jeton=jeton if deja is None else jeton_secret(),
        motif=motif,
        lieu=lieu,
        agent=agent,
        prenom=prenom,
        nom=nom,
        courriel=courriel,
        telephone=telephone,
        adresse_domicile=adresse_domicile,
        adresse=hacher(adresse, usage="adresse"),
        langue=langue,
        cree_le=maintenant,
    )
    envoyer_code(demarche=attente, maintenant=maintenant)
    return attente


def verifier(*, attente: Attente, code: str, maintenant: datetime) -> Attente:
    """Put someone on the list when `code` is the one sent. Raises CodeRefuse, AttenteImpossible.

    Who was already on it stays at their rank: their row is the one returned.
    """
    if attente.inscrite_le is None:
        verifier_code(demarche=attente, code=code, maintenant=maintenant)
    return _inscrire(attente, maintenant)


def refus_d_attendre(rendez_vous: RendezVous, maintenant: datetime) -> str:
    """Say why nobody waits for a sooner time in place of this rendez-vous; "" when they can. At most one query."""
    participations = rendez_vous.inscrits
    if not rendez_vous.structure.liste_d_attente:
        return _("Cette structure ne prévient pas quand une place se libère.")
    if not participations or not messagerie.sera_prevenu(participations[0].apprenant):
        return _("Nous n'avons ni adresse e-mail ni numéro de portable pour vous prévenir.")
    if rendez_vous.fin - rendez_vous.debut != rendez_vous.motif.delta:
        return _("Ce rendez-vous ne se déplace pas par Internet.")
    return refus_du_deplacement(rendez_vous, maintenant)


def place_deja_libre(rendez_vous: RendezVous, maintenant: datetime) -> datetime | None:
    """Return the first sooner time that is free already: then there is nothing to wait for. One query."""
    agent = rendez_vous.agent_id if rendez_vous.agent_choisi else None
    premier = _premier_libre(rendez_vous.motif, rendez_vous.lieu_id, agent, maintenant)
    return premier if premier and premier < rendez_vous.debut else None


def attendre_plus_tot(*, rendez_vous: RendezVous, maintenant: datetime) -> Attente:
    """Put the learner of a rendez-vous on the list: an accepted place moves it. Raises AttenteImpossible."""
    rendez_vous = RendezVous.objects.avec_details().get(pk=rendez_vous.pk)
    if refus := refus_d_attendre(rendez_vous, maintenant):
        raise AttenteImpossible(refus)
    if place_deja_libre(rendez_vous, maintenant):
        raise AttenteImpossible(_("Des places plus tôt sont déjà libres. Choisissez-en une."))
    apprenant = rendez_vous.inscrits[0].apprenant
    attente = Attente(
        motif=rendez_vous.motif,
        lieu=rendez_vous.lieu,
        agent=rendez_vous.agent if rendez_vous.agent_choisi else None,
        rendez_vous=rendez_vous,
        prenom=apprenant.prenom,
        nom=apprenant.nom,
        courriel=apprenant.courriel,
        telephone=apprenant.telephone,
        langue=apprenant.langue,
        cree_le=maintenant,
    )
    attente.contact_verifie = attente.contact
    return _inscrire(attente, maintenant)


@transaction.atomic
def _inscrire(attente: Attente, maintenant: datetime) -> Attente:
    _un_contact_a_la_fois(attente.contact_verifie)
    siennes = Attente.objects.filter(contact_verifie=attente.contact_verifie)
    fermer_les_finies(siennes, maintenant)
    verrou = siennes.en_cours().select_for_update(of=("self",), no_key=True)
    deja = verrou.filter(motif=attente.motif, lieu=attente.lieu).select_related("rendez_vous").first()
    if deja is not None and deja.pk == attente.pk:
        return deja
    if deja is not None:
        return _reprendre(deja, attente)
    if siennes.en_cours().count() >= settings.ATTENTES_PAR_CONTACT:
        raise AttenteImpossible(
            _(
                "Vous attendez déjà une place pour %(nombre)s rendez-vous différents. C'est le plus possible. "
                "Vous pouvez aussi téléphoner à la structure."
            )
            % {"nombre": settings.ATTENTES_PAR_CONTACT}
        )
    if attente.rendez_vous is None:
        attente.avant = _premier_libre(attente.motif, attente.lieu_id, attente.agent_id, maintenant)
    borne = attente.rendez_vous.debut if attente.rendez_vous else attente.avant
    attente.fin = fin_de_l_attente(maintenant, attente.motif.delai_max, borne)
    attente.inscrite_le = maintenant
    attente.save()
    rattacher(Attente.objects.filter(pk=attente.pk), maintenant)
    attente.refresh_from_db(fields=["rendez_vous"])
    return attente


def _reprendre(deja: Attente, nouvelle: Attente) -> Attente:
    """Asked twice is waiting once, at the first rank, for what and for whom was said last."""
    if deja.rendez_vous is not None and nouvelle.rendez_vous not in (None, deja.rendez_vous):
        raise AttenteImpossible(_("Vous attendez déjà une place plus tôt pour un autre rendez-vous du même genre."))
    if deja.rendez_vous is None:  # else the name is that of its learner
        deja.rendez_vous = nouvelle.rendez_vous
        deja.prenom, deja.nom, deja.telephone = nouvelle.prenom, nouvelle.nom, nouvelle.telephone
        deja.adresse_domicile = nouvelle.adresse_domicile
    deja.agent, deja.langue = nouvelle.agent, nouvelle.langue
    deja.save()
    if nouvelle.pk:
        nouvelle.delete()
    return deja


def _premier_libre(motif: Motif, lieu_id: int | None, agent_id: int | None, maintenant: datetime) -> datetime | None:
    trouves = premiers_creneaux(
        [demande_du_public(motif, maintenant=maintenant)],
        maintenant=maintenant,
        agents=None if agent_id is None else [agent_id],
        lieux=None if lieu_id is None else [lieu_id],
    )
    return trouves[0].debut if trouves else None


def rattacher(attentes: AttenteQuerySet, maintenant: datetime) -> int:
    """Let those who have taken a rendez-vous of what they wait for move it sooner: they do not get a second one."""
    siens = RendezVous.objects.filter(
        Q(lieu=OuterRef("lieu")) | Q(lieu__isnull=True),
        Q(participations__apprenant__courriel__iexact=OuterRef("contact_verifie"))
        | Q(participations__apprenant__courriel="", participations__apprenant__telephone=OuterRef("contact_verifie")),
        participations__apprenant__prenom__iexact=OuterRef("prenom"),
        participations__apprenant__nom__iexact=OuterRef("nom"),
        motif=OuterRef("motif"),
        statut=Statut.PREVU,
        debut__gt=maintenant,
    ).order_by("debut", "pk")
    seuls = attentes.en_cours().filter(Exists(siens), rendez_vous__isnull=True)
    return seuls.update(rendez_vous=Subquery(siens.values("pk")[:1]))


def fermer_les_finies(attentes: AttenteQuerySet, maintenant: datetime) -> int:
    """Take off the list those who no longer wait for anything."""
    actives = Attente.objects.actives(maintenant).order_by().values("pk")
    return attentes.en_cours().exclude(pk__in=actives).update(close_le=maintenant)


@transaction.atomic
def quitter(*, attente: Attente, maintenant: datetime) -> None:
    """Take someone off the list; the place held for them is free again. Asked twice, nothing more happens."""
    attente = _verrouillee(attente)
    if attente.close_le is None:
        _rendre(attente)
        attente.close_le = maintenant
        attente.save(update_fields=["demarche", "close_le"])


def arret(attente: Attente) -> str:
    """Say why nobody is offered what they wait for, for now; "" when they may be. They keep their rank meanwhile."""
    if not attente.motif.structure.liste_d_attente:
        return _("Cette structure ne prévient pas quand une place se libère.")
    motifs = Motif.objects.ouverts_a(prescripteur=attente.rendez_vous is not None)
    return "" if motifs.filter(pk=attente.motif_id).exists() else str(MotifFerme())


# --- The place offered --------------------------------------------------------------------------------------------


def place_offerte(attente: Attente, maintenant: datetime) -> RendezVous | None:
    """Return the slot held for someone on the list, None when there is none (any more)."""
    if attente.close_le is not None or attente.demarche is None:
        return None
    return services.option_vivante(attente.demarche, maintenant)


def accepter(*, attente: Attente, maintenant: datetime, instructions: str = "") -> RendezVous:
    """Turn the place offered into a rendez-vous, or move to it the one that they have; they leave the list.

    `instructions`: the text that the person accepted. Asked twice, it gives the same rendez-vous; on a refusal nothing
    changed. Raises what `services.confirmer` and `services.deplacer_vers_option` raise.
    """
    with transaction.atomic():
        attente = _verrouillee(attente)
        if (deja := _obtenu(attente)) is not None:
            return deja
        option = place_offerte(attente, maintenant)
        if option is None or attente.demarche is None:
            raise CreneauIndisponible(_("Cette place n'est plus gardée pour vous."))
        if attente.rendez_vous is not None:
            obtenu = services.deplacer_vers_option(
                rendez_vous=attente.rendez_vous, option=option, maintenant=maintenant
            )
        else:
            if attente.motif.instructions_a_accepter.strip():
                accepter_instructions(demarche=attente.demarche, texte=instructions, maintenant=maintenant)
            obtenu = services.confirmer(demarche=attente.demarche, maintenant=maintenant, langue=attente.langue)
        attente.rendez_vous, attente.close_le = obtenu, maintenant
        attente.save(update_fields=["rendez_vous", "close_le"])
        return obtenu


def _obtenu(attente: Attente) -> RendezVous | None:
    """Return the rendez-vous at the time that was offered and taken. Off the list for another reason, they may have one
    at another time: that place was not taken."""
    rendez_vous, demarche = attente.rendez_vous, attente.demarche
    if attente.close_le is None or rendez_vous is None or demarche is None:
        return None
    return rendez_vous if (rendez_vous.statut, rendez_vous.debut) == (Statut.PREVU, demarche.debut) else None


@transaction.atomic
def decliner(*, attente: Attente) -> bool:
    """Give the place back and stay on the list: the next person is asked. False when they are no longer on it."""
    attente = _verrouillee(attente)
    if attente.close_le is not None:
        return False
    _rendre(attente)
    attente.save(update_fields=["demarche"])
    return True


def _verrouillee(attente: Attente) -> Attente:
    relue = Attente.objects.select_for_update(of=("self",), no_key=True)
    return relue.select_related("motif__structure", "demarche__rendez_vous", "rendez_vous").get(pk=attente.pk)


def _rendre(attente: Attente) -> None:
    if attente.demarche is not None:
        liberer_options(RendezVous.objects.filter(demarche=attente.demarche, statut=Statut.OPTION))
        attente.demarche = None


# --- The job ------------------------------------------------------------------------------------------------------


def proposer_places(*, maintenant: datetime) -> int:
    """Offer the places that are free to those who wait for them, the oldest first; return how many.

    Run twice, or by two workers at once, nobody gets two offers.
    """
    fermer_les_finies(Attente.objects.all(), maintenant)
    rattacher(Attente.objects.all(), maintenant)
    en_attente = Attente.objects.a_servir(maintenant).select_related("motif__structure", "rendez_vous__structure")
    file = [attente for attente in en_attente if _est_son_heure(attente, maintenant)]
    libres = _places_libres(file, maintenant)
    prises: list[Creneau] = []
    for attente in file:
        for creneau in places_pour(_souhait(attente), libres, prises):
            try:
                if _proposer(attente, creneau, maintenant):
                    prises.append(creneau)
            except CreneauIndisponible:
                continue  # taken meanwhile: the next place may do
            break
    return len(prises)


def _est_son_heure(attente: Attente, maintenant: datetime) -> bool:
    """Whether it is not the night there, and whether the rendez-vous that it would replace can still be moved."""
    rendez_vous = attente.rendez_vous
    if rendez_vous is not None and (
        not rendez_vous.est_deplacable_par_la_personne(maintenant)
        or rendez_vous.fin - rendez_vous.debut != attente.motif.delta
    ):
        return False
    return heure_de_prevenir(maintenant, attente.motif.structure.tz)


def _souhait(attente: Attente) -> Souhait:
    bornes = [borne for borne in (attente.avant, attente.rendez_vous and attente.rendez_vous.debut) if borne]
    return Souhait(
        attente.motif_id,
        attente.lieu_id,
        attente.agent_id,
        min(bornes, default=None),
        tuple(attente.deja_proposees),
    )


def _places_libres(file: Sequence[Attente], maintenant: datetime) -> list[Creneau]:
    """Return the places that may be offered, in order of time. One query when there is none, whatever the motifs; one
    more for the weeks that follow the first ones."""
    dans_trois_heures = maintenant + timedelta(hours=settings.ATTENTE_HEURES_AVANT)
    demandes: dict[int, Demande] = {}
    for attente in file:
        demande = demande_du_public(attente.motif, maintenant=maintenant, du=dans_trois_heures)
        avant = _souhait(attente).avant
        jusqu_a = min(demande.au_plus_tard, avant - UN_INSTANT) if avant else demande.au_plus_tard
        deja = demandes.get(attente.motif_id)
        plus_tard = max(jusqu_a, deja.au_plus_tard) if deja else jusqu_a
        demandes[attente.motif_id] = demande._replace(au_plus_tard=plus_tard)
    premiers: dict[int, datetime] = {}
    attendus = {(attente.motif_id, attente.lieu_id) for attente in file}
    for creneau in premiers_creneaux(list(demandes.values()), maintenant=maintenant):
        if (creneau.motif_id, creneau.lieu_id) in attendus:
            premiers.setdefault(creneau.motif_id, creneau.debut)
    proches = [
        demandes[motif]._replace(au_plus_tot=debut, au_plus_tard=min(demandes[motif].au_plus_tard, debut + HORIZON))
        for motif, debut in premiers.items()
    ]
    return creneaux_libres(proches, maintenant=maintenant) if proches else []


@transaction.atomic
def _proposer(attente: Attente, creneau: Creneau, maintenant: datetime) -> bool:
    """Hold the place for this person and write to them. False when another worker does, or when they left the list."""
    _un_contact_a_la_fois(attente.contact_verifie)
    verrou = Attente.objects.a_servir(maintenant).select_for_update(of=("self",), skip_locked=True, no_key=True)
    relue = verrou.select_related("motif__structure", "rendez_vous__structure").filter(pk=attente.pk).first()
    if relue is None or not _est_son_heure(relue, maintenant) or not _souhait(relue).convient(creneau):
        return False
    if not messagerie.sera_prevenu(messagerie.a_prevenir_de_l_attente(relue)):
        return False
    demarche = services.garder_pour(
        creneau=creneau,
        motif=relue.motif,
        visiteur=hacher(relue.jeton, usage="attente"),
        minutes=settings.ATTENTE_MINUTES,
        maintenant=maintenant,
        agent_id=relue.agent_id,
    )
    Demarche.objects.filter(pk=demarche.pk).update(
        prenom=relue.prenom,
        nom=relue.nom,
        courriel=relue.courriel,
        telephone=relue.telephone,
        adresse_domicile=relue.adresse_domicile,
        contact_verifie=relue.contact_verifie,
    )
    relue.demarche, relue.offerte_le = demarche, maintenant
    relue.deja_proposees = [*relue.deja_proposees, creneau.debut]
    relue.save(update_fields=["demarche", "offerte_le", "deja_proposees"])
    messagerie.proposer_place(attente=relue)
    return True


def _un_contact_a_la_fois(contact: str) -> None:
    un_par_un(f"attente:{hacher(contact, usage='contact')}")
