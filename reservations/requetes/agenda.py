"""Reads that the agents' agenda needs: a constant number of queries, whatever there is to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, Value
from django.db.models.functions import Concat

from plages.models import Indisponibilite, Ouverture
from plages.services import jours_fermes
from reservations.agenda import PAS, Bloc, Periode, bornes, disposer, heures_affichees, heures_libres
from reservations.models import STATUTS_ANNULES, STATUTS_OCCUPANTS, RendezVous, Statut
from structures.models import Agent, Structure

DEVANT = {"rdv", "option", "occupe", "libre"}  # in front of the plages and of the absences


@dataclass(frozen=True, slots=True)
class Element:
    """One thing of the agenda. `genre`: plage, absence, occupe, option, libre (free time of a plage), or rdv, with what
    its block shows.

    Not a rendez-vous itself: a week may have hundreds, and building their models would take most of the answer's time.
    """

    genre: str
    titre: str = ""
    pk: int = 0  # of a rendez-vous, or of a plage to open
    statut: str = ""
    motif: str = ""
    couleur: str = ""
    pause: int = 0  # minutes kept free after it

    @property
    def mot_du_statut(self) -> str:
        """What became of it, in words; nothing for one that is only planned."""
        return "" if self.statut in ("", Statut.PREVU) else str(Statut(self.statut).label)


@dataclass(frozen=True)
class Jour:
    """One day of the agenda: its blocks by start, what is behind (plages, absences) before what is in front."""

    jour: date
    ferme: str  # why the structure is closed that day, "" when it is not
    blocs: list[Bloc[Element]]


def agenda_de(
    agent: Agent, structure: Structure, jours: Sequence[date], maintenant: datetime, *, plages_seules: bool = False
) -> tuple[list[Jour], tuple[int, int]]:
    """Return the agenda of an agent, as an agent of this structure may see it, and the hours to show. Five queries.

    What the agent does in another structure is only "occupé": neither why, nor with whom. `plages_seules`: no
    rendez-vous, and of each plage its motifs and its lieu.
    """
    debut, fin = bornes(jours, structure.tz)
    absences, devant = _absences(agent, structure, debut, fin)
    if plages_seules:
        plages = _plages_detaillees(agent, structure, debut, fin)
    else:
        plages = _plages(agent, structure, debut, fin)
        devant += _rendez_vous(agent, structure, debut, fin, maintenant)
        devant += _ailleurs(agent, structure, debut, fin, maintenant)
        devant += _libres(plages, [*devant, *absences], structure, maintenant)
    couches = [disposer(couche, jours, structure.tz) for couche in (plages, absences, devant)]
    fermes = jours_fermes(structure, jours[0], jours[-1])
    heures = heures_affichees(blocs for couche in couches for blocs in couche.values())
    return [
        Jour(
            jour,
            fermes.get(jour, ""),
            sorted((b for couche in couches for b in couche[jour]), key=lambda b: (b.haut, b.objet.genre in DEVANT)),
        )
        for jour in jours
    ], heures


def _plages(agent: Agent, structure: Structure, debut: datetime, fin: datetime) -> list[Periode[Element]]:
    ouvertures = Ouverture.objects.filter(
        plage__agent=agent, plage__structure=structure, periode__overlap=(debut, fin)
    ).select_related("plage")
    return [
        Periode(o.periode.lower, o.periode.upper, Element("plage", o.plage.titre)) for o in ouvertures.order_by("pk")
    ]


def _plages_detaillees(agent: Agent, structure: Structure, debut: datetime, fin: datetime) -> list[Periode[Element]]:
    lignes = (
        Ouverture.objects.filter(plage__agent=agent, plage__structure=structure, periode__overlap=(debut, fin))
        .annotate(motifs=ArrayAgg("plage__motifs__nom", order_by="plage__motifs__nom", default=Value([])))
        .order_by("pk")
        .values_list("periode", "plage", "plage__titre", "plage__lieu__nom", "motifs")
    )
    return [
        Periode(
            periode.lower,
            periode.upper,
            Element("plage", titre, plage, motif=" · ".join([", ".join(motifs), *([lieu] if lieu else [])])),
        )
        for periode, plage, titre, lieu, motifs in lignes
    ]


def _absences(
    agent: Agent, structure: Structure, debut: datetime, fin: datetime
) -> tuple[list[Periode[Element]], list[Periode[Element]]]:
    """Return the absences entered here, and those entered elsewhere, which only say that the time is taken."""
    ici, ailleurs = [], []
    indisponibilites = Indisponibilite.objects.filter(agent=agent, periode__overlap=(debut, fin))
    for i in indisponibilites.select_related("absence").order_by("pk"):
        if i.absence.structure_id == structure.pk:
            ici.append(Periode(i.periode.lower, i.periode.upper, Element("absence", i.absence.titre)))
        else:
            ailleurs.append(Periode(i.periode.lower, i.periode.upper, Element("occupe")))
    return ici, ailleurs


def _rendez_vous(
    agent: Agent, structure: Structure, debut: datetime, fin: datetime, maintenant: datetime
) -> list[Periode[Element]]:
    lignes = (
        RendezVous.objects.filter(structure=structure, agent=agent)
        .de_la_periode(debut, fin)
        .exclude(statut=Statut.OPTION, expire_a__lte=maintenant)
        .annotate(
            personnes=ArrayAgg(
                Concat("participations__apprenant__prenom", Value(" "), "participations__apprenant__nom"),
                filter=Q(participations__isnull=False),
                order_by="participations__pk",
                default=Value([]),
            )
        )
        .order_by("pk")
        .values_list("debut", "fin", "pk", "statut", "motif__nom", "motif__couleur", "personnes", "pause")
    )
    return [
        Periode(d, f, Element("option", pause=pause))
        if statut == Statut.OPTION
        else Periode(d, f, Element("rdv", ", ".join(personnes), pk, statut, motif, couleur, pause))
        for d, f, pk, statut, motif, couleur, personnes, pause in lignes
    ]


def _ailleurs(
    agent: Agent, structure: Structure, debut: datetime, fin: datetime, maintenant: datetime
) -> list[Periode[Element]]:
    pris = (
        RendezVous.objects.filter(agent=agent, statut__in=STATUTS_OCCUPANTS, periode__overlap=(debut, fin))
        .filter(Q(expire_a__isnull=True) | Q(expire_a__gt=maintenant))
        .exclude(structure=structure)
    )
    lignes = pris.order_by("pk").values_list("debut", "fin", "pause")
    return [Periode(d, f, Element("occupe", pause=pause)) for d, f, pause in lignes]


def _libres(
    plages: list[Periode[Element]], reste: list[Periode[Element]], structure: Structure, maintenant: datetime
) -> list[Periode[Element]]:
    """Return the free time to come of the plages, where a rendez-vous may be added."""
    prises = [
        Periode(p.debut, p.fin + timedelta(minutes=p.objet.pause), p.objet)
        for p in reste
        if p.objet.statut not in STATUTS_ANNULES
    ]
    depuis = maintenant.replace(second=0, microsecond=0) + timedelta(minutes=PAS - maintenant.minute % PAS)
    libres = heures_libres(plages, prises, depuis, structure.tz)
    return [Periode(debut, fin, Element("libre")) for debut, fin in libres]


def agents_de_l_agenda(structure: Structure, moi: Agent) -> list[Agent]:
    """Return those whose agenda may be seen: me first, then my active colleagues by name."""
    return [moi, *structure.agents.filter(is_active=True).exclude(pk=moi.pk).order_by("nom", "prenom", "pk")]
