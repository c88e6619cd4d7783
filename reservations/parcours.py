"""What the learner's pages read and show: motifs, lieux, weeks of slots, steps. No write here.

Slots come from `reservations.creneaux` only: this module arranges them, and says one time once whoever the agents are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as heure_du_jour
from itertools import islice
from math import ceil, cos, hypot, inf, radians
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import CharField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, TextChoices
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from motifs.models import Motif, TypeLieu
from plages.models import Ouverture, PlageOuverture
from reservations.courrier.sms import sms_possibles
from reservations.creneaux import (
    UN_INSTANT,
    Creneau,
    Demande,
    debuts_libres,
    demande_du_public,
    premiers_creneaux,
)
from reservations.identification import instructions_acceptees
from reservations.models import Attente, Demarche, RendezVous
from structures.models import Agent, Lieu, Structure
from structures.requete_ecrite import ecrite_une_fois

# "Le plus tôt" is looked for in the week of the first free slot, then in four weeks: the cost follows what is shown.
# In four at once when the address names a week, which may be empty and then costs a query of its own.
HORIZONS_DU_PLUS_TOT = (timedelta(days=7), timedelta(days=28))
# And what replaces a lost slot, around it.
HORIZON_DES_PLUS_PROCHES = timedelta(days=14)
NOMBRE_PROPOSE = 3
MIDI = heure_du_jour(12)


# --- The link -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lien:
    """The link by which people come: to a structure, or to the slots of one of its agents only; for oneself, or for
    someone one accompanies (the address says it: two tabs never mix)."""

    structure: Structure
    agent: Agent | None = None
    jeton: str = ""  # as the address carries it; "" for the structure's own
    prescripteur: bool = False

    def __str__(self) -> str:
        return self.jeton or self.structure.lien

    @property
    def pour(self) -> str:
        """What the pages of the prescribers' way remind of; they are in French only."""
        return "pour une personne que vous accompagnez" if self.prescripteur else ""


def lien_de(demarche: Demarche | Attente) -> Lien:
    """Return the link by which someone books or waits."""
    return lien_vers(demarche.motif.structure, demarche.agent, prescripteur=demarche.par_prescripteur)


def lien_vers(structure: Structure, agent: Agent | None, *, prescripteur: bool) -> Lien:
    """Return the link to the slots of one agent; the structure's own without one, or once they have closed theirs."""
    lien = Lien(structure, prescripteur=prescripteur)
    appartenance = agent.appartenances.filter(structure=structure).first() if agent else None
    if appartenance is None or not appartenance.lien:
        return lien
    return replace(lien, agent=agent, jeton=appartenance.lien)


# --- Motifs and lieux -----------------------------------------------------------------------------------------------


def motifs_du_public(lien: Lien, aujourd_hui: date, lieu: Lieu | None = None) -> list[Motif]:
    """Return the motifs that people may book online by a link, those without a plage included. One query.

    Each one says `a_une_plage`: in that lieu, on site, when one is given. A page without a plage explains itself; the
    list of choices leaves it out.
    """
    agent_id, lieu_id = lien.agent.pk if lien.agent else 0, lieu.pk if lieu else 0
    motifs = _motifs_ouverts(
        lien.structure.pk,
        aujourd_hui,
        agent_id,
        lieu_id,
        prescripteur=lien.prescripteur,
        d_un_agent=bool(agent_id),
        dans_un_lieu=bool(lieu_id),
    )
    for motif in motifs:
        motif.structure = lien.structure
    return motifs


@ecrite_une_fois
def _motifs_ouverts(
    structure_id: int,
    aujourd_hui: date,
    agent_id: int,
    lieu_id: int,
    *,
    prescripteur: bool,
    d_un_agent: bool,
    dans_un_lieu: bool,
) -> QuerySet[Motif]:
    leurs: dict[str, Any] = {"agent__is_active": True, "motifs": OuterRef("pk")}
    if d_un_agent:
        leurs["agent"] = agent_id
    if dans_un_lieu:
        leurs |= {"lieu": lieu_id, "type_lieu": TypeLieu.SUR_PLACE}
    # As the slots engine has it: a closed lieu only closes what takes place there.
    recoit = Q(lieu__ouvert=True) | ~Q(type_lieu=TypeLieu.SUR_PLACE)
    type_lieu = ExpressionWrapper(OuterRef("type_lieu"), output_field=CharField())
    plages = PlageOuverture.objects.en_cours(aujourd_hui).alias(type_lieu=type_lieu).filter(recoit, **leurs)
    ouverts = Motif.objects.ouverts_a(prescripteur=prescripteur).filter(structure=structure_id)
    return ouverts.annotate(a_une_plage=Exists(plages)).par_nom()


def proposes(motifs: Iterable[Motif]) -> list[Motif]:
    """Return the motifs among which people choose."""
    return [motif for motif in motifs if motif.a_une_plage]  # type: ignore[attr-defined]


def lieu_demande(lien: Lien, identifiant: str) -> Lieu | None:
    """Return the open lieu that an address names, None when it is not one of the structure."""
    if not identifiant:
        return None
    return next((lieu for lieu in lien.structure.lieux.ouverts() if str(lieu.pk) == identifiant), None)


def lieux_du_motif(motif: Motif, lien: Lien, aujourd_hui: date) -> list[Lieu]:
    """Return the open lieux where a motif on site has a plage; none for the other kinds. At most one query."""
    if not motif.sur_place:
        return []
    plages = PlageOuverture.objects.en_cours(aujourd_hui).filter(agent__is_active=True, motifs=motif)
    if lien.agent:
        plages = plages.filter(agent=lien.agent)
    return list(Lieu.objects.ouverts().filter(Exists(plages.filter(lieu=OuterRef("pk")))).order_by(Lower("nom"), "pk"))


class Moment(TextChoices):
    """The part of the day in which people look for a time, when they do not want to read them all."""

    TOUS = "", gettext_lazy("Toute la journée")
    MATIN = "matin", gettext_lazy("Matin")
    APRES_MIDI = "apres-midi", gettext_lazy("Après-midi")

    @property
    def quand(self) -> str:
        """ "le matin": as it stands in a sentence, nothing for the whole day."""
        return {Moment.MATIN: _("le matin"), Moment.APRES_MIDI: _("l'après-midi")}.get(self, "")

    def comprend(self, instant: datetime, tz: ZoneInfo) -> bool:
        return self == Moment.TOUS or (instant.astimezone(tz).time() < MIDI) == (self == Moment.MATIN)


def lire_moment(texte: str) -> Moment:
    """Return the moment in the address, the whole day when it is none."""
    return Moment(texte) if texte in Moment.values else Moment.TOUS


@dataclass(frozen=True)
class Recherche:
    """How the slots of a page are looked for: now, by whom (their own held slots are free for them), with whom."""

    maintenant: datetime
    visiteur: str = ""
    agent: Agent | None = None  # None: all
    deplace: RendezVous | None = None  # the one being moved: its time is free for it, and is no choice
    moment: Moment = Moment.TOUS

    def debuts(self, demandes: Sequence[Demande], lieu: Lieu | None = None) -> Iterator[datetime]:
        """Return the free times of requests of one structure, in order, each once."""
        tz, sien = demandes[0].motif.structure.tz, self.deplace and self.deplace.debut
        debuts = debuts_libres(demandes, **self._limites(lieu))
        return (debut for debut in debuts if debut != sien and self.moment.comprend(debut, tz))

    def premiers(self, demandes: Sequence[Demande], lieu: Lieu | None = None) -> list[Creneau]:
        return premiers_creneaux(demandes, **self._limites(lieu))

    def _limites(self, lieu: Lieu | None) -> dict[str, Any]:
        return {
            "maintenant": self.maintenant,
            "visiteur": self.visiteur,
            "agents": [self.agent.pk] if self.agent else None,
            "lieux": [lieu.pk] if lieu else None,
            "sauf": self.deplace.pk if self.deplace else 0,
        }


@dataclass(frozen=True)
class Disponibilite:
    """A motif or a lieu to choose, with its first free time."""

    objet: Motif | Lieu
    premier: datetime | None


def lieu_choisi(lieux: Sequence[Lieu], identifiant: str) -> Lieu | None:
    """Return the lieu that an address names among those of a motif; the only one there is, whatever it names."""
    return lieux[0] if len(lieux) == 1 else next((lieu for lieu in lieux if str(lieu.pk) == identifiant), None)


def disponibilites_des_motifs(
    motifs: Sequence[Motif], recherche: Recherche, lieu: Lieu | None = None
) -> list[Disponibilite]:
    """Return each motif with the first time that the public may book. One query, two when one has nothing within two
    weeks: reading all the months that may be booked took three times as long."""
    coupees = [demande_du_public(motif, maintenant=recherche.maintenant).en_deux_temps() for motif in motifs]
    premiers: dict[int, datetime] = {}
    for creneau in recherche.premiers([bientot for bientot, ensuite in coupees], lieu):
        premiers.setdefault(creneau.motif_id, creneau.debut)
    plus_loin = [ensuite for bientot, ensuite in coupees if ensuite and ensuite.motif.pk not in premiers]
    for creneau in recherche.premiers(plus_loin, lieu):
        premiers.setdefault(creneau.motif_id, creneau.debut)
    return [Disponibilite(motif, premiers.get(motif.pk)) for motif in motifs]


def disponibilites_des_lieux(motif: Motif, lieux: Sequence[Lieu], recherche: Recherche) -> list[Disponibilite]:
    """Return each lieu with the first time of that motif there. One query."""
    demande = demande_du_public(motif, maintenant=recherche.maintenant)
    premiers = {c.lieu_id: c.debut for c in recherche.premiers([demande])}
    return [Disponibilite(lieu, premiers.get(lieu.pk)) for lieu in lieux]


def disponibilites_ailleurs(
    motif: Motif, lieu: Lieu | None, lieux: Sequence[Lieu], recherche: Recherche
) -> list[Disponibilite]:
    """Return the other lieux of a motif that have a free time, the nearest first, a few. At most one query, and one a
    lieu to know its first time in the morning or in the afternoon."""
    autres = [autre for autre in lieux if autre != lieu]
    if lieu is None or not autres:
        return []
    autres.sort(key=lambda autre: _eloignement(lieu, autre))
    libres = zip(autres, disponibilites_des_lieux(motif, autres, recherche), strict=True)
    dispos = (
        Disponibilite(autre, _premier(motif, autre, recherche)) if recherche.moment else dispo
        for autre, dispo in libres
        if dispo.premier
    )
    return list(islice((dispo for dispo in dispos if dispo.premier), NOMBRE_PROPOSE))


def _eloignement(lieu: Lieu, autre: Motif | Lieu) -> float:
    """Return what grows with the distance between two lieux; one that is on no map comes last."""
    if not isinstance(autre, Lieu):
        return inf
    nord, est, autre_nord, autre_est = lieu.latitude, lieu.longitude, autre.latitude, autre.longitude
    if nord is None or est is None or autre_nord is None or autre_est is None:
        return inf
    return hypot(autre_nord - nord, (autre_est - est) * cos(radians(nord)))


# --- Weeks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Jour:
    """A local day and the times that may be chosen then (UTC)."""

    date: date
    heures: tuple[datetime, ...]
    relatif: str = ""  # "aujourd'hui", "demain"


@dataclass(frozen=True)
class Semaine:
    """A week to choose in, Monday to Sunday, cut to the days that can be booked."""

    lundi: date
    jours: tuple[Jour, ...]
    precedente: date | None
    suivante: date | None

    @property
    def vide(self) -> bool:
        return not any(jour.heures for jour in self.jours)


@dataclass(frozen=True)
class Propositions:
    """All that the page of the slots shows. `semaine` is None when nothing is free, at all or at that moment."""

    plus_tot: tuple[datetime, ...] = ()
    semaine: Semaine | None = None
    prochain: datetime | None = None  # the first time after an empty week
    tout_est_pris: bool = False  # nothing is free although hours are open: they are all taken
    moment: Moment = Moment.TOUS
    moments: bool = False  # choosing a moment is of use: there are several, or one was chosen


def lundi_de(jour: date) -> date:
    """Return the Monday of the week of a day."""
    return jour - timedelta(days=jour.weekday())


def lire_semaine(texte: str) -> date | None:
    """Return the date in the address, or None when there is none or it is not one: a page never fails on it."""
    try:
        return date.fromisoformat(texte)
    except ValueError:
        return None


def lire_instant(texte: str) -> datetime | None:
    """Return the instant of a slot's button (UTC), or None when it is not one."""
    try:
        instant = datetime.fromisoformat(texte)
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def bornes_de_la_semaine(lundi: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first and the last instant of a local week (UTC, both included): 167 or 169 hours at clock changes."""
    debut, fin = (datetime.combine(jour, heure_du_jour(), tz) for jour in (lundi, lundi + timedelta(days=7)))
    return debut.astimezone(UTC), fin.astimezone(UTC) - UN_INSTANT


def composer_semaine(
    lundi: date,
    heures: Iterable[datetime],
    *,
    fenetre: tuple[datetime, datetime],
    premier_libre: datetime,
    maintenant: datetime,
    tz: ZoneInfo,
) -> Semaine:
    """Arrange the times of a week by local day, between the first and the last day that may be booked. Pure.

    There is nothing to go back to before the week of the first free time.
    """
    premier, dernier = (borne.astimezone(tz).date() for borne in fenetre)
    aujourd_hui = maintenant.astimezone(tz).date()
    relatifs = {aujourd_hui: _("aujourd'hui"), aujourd_hui + timedelta(days=1): _("demain")}
    par_jour: dict[date, list[datetime]] = {}
    for heure in heures:
        par_jour.setdefault(heure.astimezone(tz).date(), []).append(heure)
    jours = [lundi + timedelta(days=n) for n in range(7)]
    return Semaine(
        lundi=lundi,
        jours=tuple(
            Jour(jour, tuple(par_jour.get(jour, ())), relatifs.get(jour, ""))
            for jour in jours
            if premier <= jour <= dernier
        ),
        precedente=lundi - timedelta(days=7) if lundi > lundi_de(premier_libre.astimezone(tz).date()) else None,
        suivante=lundi + timedelta(days=7) if lundi < lundi_de(dernier) else None,
    )


def propositions(motif: Motif, lieu: Lieu | None, recherche: Recherche, semaine: date | None = None) -> Propositions:
    """Return what may be booked: the soonest times, then the week asked (by default that of the first time).

    At most three queries, whatever the number of agents.
    """
    tz = motif.structure.tz
    maintenant = recherche.maintenant
    fenetre = motif.fenetre_du_public(maintenant)
    premier = _premier(motif, lieu, recherche)
    if premier is None and recherche.moment and _premier(motif, lieu, replace(recherche, moment=Moment.TOUS)):
        return Propositions(moment=recherche.moment, moments=True)
    if premier is None:
        return Propositions(tout_est_pris=_a_des_ouvertures(motif, lieu, recherche.agent, fenetre))
    bornes = [lundi_de(borne.astimezone(tz).date()) for borne in fenetre]
    lundi = max(bornes[0], min(bornes[1], lundi_de(semaine or premier.astimezone(tz).date())))
    du, au = bornes_de_la_semaine(lundi, tz)
    for horizon in HORIZONS_DU_PLUS_TOT[bool(semaine) :]:
        jusqu_a = premier + horizon
        # Nothing is free before the first time: what is soon and the week asked are two windows that do not overlap.
        libres = _heures(motif, lieu, [(premier, jusqu_a), (max(du, jusqu_a + UN_INSTANT), au)], recherche)
        bientot = [heure for heure in libres if heure <= jusqu_a]
        moments = bool(recherche.moment) or len({Moment.MATIN.comprend(heure, tz) for heure in libres}) > 1
        if moments and len(bientot) >= NOMBRE_PROPOSE:
            break
    composee = composer_semaine(
        lundi,
        [h for h in libres if du <= h <= au],
        fenetre=fenetre,
        premier_libre=premier,
        maintenant=maintenant,
        tz=tz,
    )
    prochain = None
    if composee.vide:
        prochain = next((heure for heure in bientot if heure > au), None) or _premier(
            motif, lieu, recherche, du=max(au + UN_INSTANT, jusqu_a)
        )
    return Propositions(
        plus_tot=tuple(bientot[:NOMBRE_PROPOSE]),
        semaine=composee,
        prochain=prochain,
        moment=recherche.moment,
        moments=moments,
    )


def plus_proches(motif: Motif, lieu: Lieu | None, debut: datetime, recherche: Recherche) -> list[datetime]:
    """Return the few free times nearest to `debut`, in order of time; further away, the first one there is."""
    debut = dans_la_fenetre(motif, debut, recherche.maintenant)
    fenetre = (debut - HORIZON_DES_PLUS_PROCHES, debut + HORIZON_DES_PLUS_PROCHES)
    libres = _heures(motif, lieu, [fenetre], recherche)
    proches = sorted((heure for heure in libres if heure != debut), key=lambda heure: (abs(heure - debut), heure))
    if not proches:
        premier = _premier(motif, lieu, recherche)
        return [premier] if premier and premier != debut else []
    return sorted(proches[:NOMBRE_PROPOSE])


def est_libre(motif: Motif, lieu: Lieu | None, debut: datetime, recherche: Recherche) -> bool:
    """Whether the public may book that very instant. One query."""
    tot, tard = motif.fenetre_du_public(recherche.maintenant)
    return tot <= debut <= tard and bool(_heures(motif, lieu, [(debut, debut)], recherche))


def dans_la_fenetre(motif: Motif, debut: datetime, maintenant: datetime) -> datetime:
    """Return the instant nearest to `debut` that the public may ask: the browser may send year 9999."""
    tot, tard = motif.fenetre_du_public(maintenant)
    return max(tot, min(tard, debut))


def _heures(
    motif: Motif, lieu: Lieu | None, fenetres: Sequence[tuple[datetime, datetime]], recherche: Recherche
) -> list[datetime]:
    demandes = [demande_du_public(motif, maintenant=recherche.maintenant, du=du, au=au) for du, au in fenetres]
    return list(recherche.debuts(demandes, lieu))


def _premier(motif: Motif, lieu: Lieu | None, recherche: Recherche, *, du: datetime | None = None) -> datetime | None:
    demande = demande_du_public(motif, maintenant=recherche.maintenant, du=du)
    if recherche.moment:  # the engine's first one may be at another moment
        return next(recherche.debuts([demande], lieu), None)
    premiers = recherche.premiers([demande], lieu)
    if not premiers:
        return None
    debut = premiers[0].debut
    if recherche.deplace and debut == recherche.deplace.debut:
        return _premier(motif, lieu, recherche, du=debut + UN_INSTANT)
    return debut


def _a_des_ouvertures(motif: Motif, lieu: Lieu | None, agent: Agent | None, fenetre: tuple[datetime, datetime]) -> bool:
    """Whether hours are open in what the public may book, free or not. One query."""
    ouvertures = Ouverture.objects.filter(
        plage__motifs=motif, plage__agent__is_active=True, periode__overlap=(*fenetre, "[]")
    )
    if agent:
        ouvertures = ouvertures.filter(plage__agent=agent)
    if motif.sur_place:
        ouvertures = ouvertures.filter(plage__lieu=lieu)
    return ouvertures.exists()


# --- Steps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Etape:
    """ "Étape 2 sur 3"; `total` is 0 when it depends on what will be chosen."""

    numero: int
    total: int

    def __str__(self) -> str:
        modele = _("Étape %(numero)d sur %(total)d") if self.total else _("Étape %(numero)d")
        return modele % {"numero": self.numero, "total": self.total}


def etapes(*, plusieurs_motifs: bool, instructions: bool, identification: bool = False) -> tuple[str, ...]:
    """Return the names of the steps of one path. With a single motif nobody chooses: that step does not exist.
    `identification`: a prescriber says who they are, before whom they accompany."""
    return (
        *(("pour_quoi",) if plusieurs_motifs else ()),
        "quand",
        *(("a_lire",) if instructions else ()),
        *(("prescripteur",) if identification else ()),
        "coordonnees",
    )


def etape(nom: str, motif: Motif, motifs: Sequence[Motif], *, identification: bool = False) -> Etape:
    """Return where a page stands in the path of a motif, among the motifs proposed."""
    noms = etapes(
        plusieurs_motifs=len(motifs) > 1, instructions=a_des_instructions(motif), identification=identification
    )
    return Etape(noms.index(nom) + 1 if nom in noms else len(noms), len(noms))


def a_des_instructions(motif: Motif) -> bool:
    """Whether something must be read and accepted before booking."""
    return bool(motif.instructions_a_accepter.strip())


def premiere_etape_incomplete(demarche: Demarche, *, identifie: bool = False) -> str:
    """Return the URL name of the step where a booking in progress stands: nobody skips one by typing an address.
    `identifie`: a prescriber whose address is proved."""
    if not instructions_acceptees(demarche):
        return "instructions"
    if demarche.par_prescripteur:
        return "beneficiaire" if identifie else "prescripteur"
    joignable = demarche.courriel or (demarche.telephone and sms_possibles())
    attendu = {TypeLieu.TELEPHONE: demarche.telephone, TypeLieu.DOMICILE: demarche.adresse_domicile}
    if not (demarche.prenom and demarche.nom and joignable and attendu.get(TypeLieu(demarche.motif.type_lieu), True)):
        return "coordonnees"
    return "code"


def minutes_restantes(option: RendezVous, maintenant: datetime) -> int:
    """Return how long a slot is still held, in minutes begun."""
    return max(0, ceil((option.expire_a - maintenant) / timedelta(minutes=1))) if option.expire_a else 0


def peut_etre_prolongee(option: RendezVous) -> bool:
    """Whether "Garder plus longtemps" can still add time."""
    dernier = option.cree_le + timedelta(minutes=settings.OPTION_MINUTES_MAXIMUM)
    return option.expire_a is not None and option.expire_a < dernier
