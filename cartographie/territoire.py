"""What a link of territory compares: the next slot of each place of several structures. No write here.

A motif on site is a row of its place. The others have no place: they make a list apart, a row a structure, else a
hundred telephones would hide the places. Motifs for prescribers only are shown: the link is theirs. What has no slot
has no row.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from cartographie.models import LienDeTerritoire
from cartographie.recherche import autour, distance_de, distance_en_mots
from motifs.models import Motif, TypeLieu
from reservations.creneaux import BIENTOT, Creneau, demande_du_public, premiers_creneaux
from reservations.parcours import Lien
from reservations.vues.choix import adresse_du_choix
from structures.communes import Position
from structures.dates import duree, heure, jour_relatif
from structures.models import Lieu, Plateforme, Structure

PAR_PAGE = 30
PROCHES = 100  # how many places "le plus près" looks at
SUR_PLACE = TypeLieu.SUR_PLACE


@dataclass(frozen=True)
class Ligne:
    """The first slot of a place, or of what a structure does elsewhere than in its places.

    `debut` is local. Words and address are made here: a template takes ten times longer, thirty times a page.
    """

    debut: datetime
    motif: Motif
    structure: Structure
    lieu: Lieu | None
    distance: str
    maintenant: datetime

    @property
    def quand(self) -> str:
        aujourd_hui = self.maintenant.astimezone(self.structure.tz).date()
        return f"{jour_relatif(self.debut, aujourd_hui)} à {heure(self.debut)}"

    @property
    def quoi(self) -> str:
        """How long, and how when it is not in a place."""
        dit = duree(self.motif.duree)
        return dit if self.lieu else f"{dit} · {self.motif.get_type_lieu_display().lower()}"

    @property
    def adresse(self) -> str:
        """The slots of that motif in that place, by the prescribers' way."""
        lien = Lien(self.structure, prescripteur=True)
        return adresse_du_choix("choix_creneau", lien, self.motif.pk, lieu=self.lieu.pk if self.lieu else None)


@dataclass(frozen=True)
class PageDeTerritoire:
    """`suivante`, `precedente`: the numbers of the pages around, None at the ends. How many pages there are is not
    known: the slots are looked for as far as the page needs."""

    lignes: list[Ligne]
    numero: int
    suivante: int | None

    @property
    def precedente(self) -> int | None:
        return self.numero - 1 or None


def structures_possibles(structure: Structure, miennes: Iterable[int]) -> QuerySet[Structure]:
    """Return what an agent may put on a list: the structures of their département, and their own wherever they are."""
    voisines = Q(departement=structure.departement) if structure.departement else Q(pk=structure.pk)
    toutes = Structure.objects.filter(voisines | Q(pk__in=miennes), plateforme=Plateforme.AIDE_NUMERIQUE)
    return toutes.order_by(Lower("nom"), "pk")


def motifs_du_lien(lien: LienDeTerritoire, *, nom: str = "", sur_place: bool = True) -> list[Motif]:
    """Return what prescribers may book by a link: what the page needs of it, there are hundreds. One query."""
    ou = {"structure__departement": lien.departement} if lien.departement else {"structure__in": lien.structures.all()}
    motifs = Motif.objects.reservables().filter(**ou).cherches(nom).order_by("pk")
    motifs = motifs.only("structure_id", "nom", "duree", "type_lieu", "delai_min", "delai_max")
    return list(motifs.filter(type_lieu=SUR_PLACE) if sur_place else motifs.exclude(type_lieu=SUR_PLACE))


def page_de_territoire(
    motifs: Sequence[Motif], maintenant: datetime, *, numero: int, position: Position | None, au_plus_pres: bool
) -> PageDeTerritoire:
    """Return a page of rows, the soonest first, or the nearest to `position`. Four queries at most."""
    lieux: dict[int, Lieu] = {}
    if position and au_plus_pres:
        lieux, trouves = _au_plus_pres(motifs, maintenant, position)
    else:
        trouves = _au_plus_tot(motifs, maintenant, combien=numero * PAR_PAGE + 1)
    numero = max(1, min(numero, -(-len(trouves) // PAR_PAGE)))  # beyond the end: the last page
    ici = trouves[(numero - 1) * PAR_PAGE : numero * PAR_PAGE]
    par_cle = {motif.pk: motif for motif in motifs}
    lieux = lieux or Lieu.objects.select_related("structure").defer("fiche").in_bulk(
        [creneau.lieu_id for creneau in ici if creneau.lieu_id]
    )
    structures = {lieu.structure_id: lieu.structure for lieu in lieux.values()}
    if ailleurs := {par_cle[creneau.motif_id].structure_id for creneau in ici} - structures.keys():
        structures = Structure.objects.in_bulk(ailleurs)
    lignes = []
    for creneau in ici:
        motif, lieu = par_cle[creneau.motif_id], lieux.get(creneau.lieu_id or 0)
        structure = structures[motif.structure_id]
        distance = distance_en_mots(distance_de(lieu, position)) if lieu else ""
        lignes.append(Ligne(creneau.debut.astimezone(structure.tz), motif, structure, lieu, distance, maintenant))
    return PageDeTerritoire(lignes, numero, numero + 1 if len(trouves) > numero * PAR_PAGE else None)


def _au_plus_tot(motifs: Collection[Motif], maintenant: datetime, *, combien: int) -> list[Creneau]:
    """Return the first slot of each place, soonest first: the next two weeks are enough when they give so many."""
    bientot = [demande_du_public(motif, maintenant=maintenant, au=maintenant + BIENTOT) for motif in motifs]
    trouves = _un_par_lieu(motifs, premiers_creneaux(bientot, maintenant=maintenant))
    if len(trouves) >= combien:
        return trouves
    ensuite = [demande_du_public(motif, maintenant=maintenant, du=maintenant + BIENTOT) for motif in motifs]
    return _un_par_lieu(motifs, [*trouves, *premiers_creneaux(ensuite, maintenant=maintenant)])


def _au_plus_pres(
    motifs: Collection[Motif], maintenant: datetime, position: Position
) -> tuple[dict[int, Lieu], list[Creneau]]:
    """Return the first slot of each of the nearest places, nearest first, and these places."""
    structures = {motif.structure_id for motif in motifs}
    ouverts = Lieu.objects.ouverts().filter(structure__in=structures).select_related("structure").defer("fiche")
    lieux = {lieu.pk: lieu for lieu in autour(ouverts, position, PROCHES)}
    leurs = {lieu.structure_id for lieu in lieux.values()}
    demandes = [demande_du_public(motif, maintenant=maintenant) for motif in motifs if motif.structure_id in leurs]
    trouves = {
        creneau.lieu_id: creneau
        for creneau in _un_par_lieu(motifs, premiers_creneaux(demandes, maintenant=maintenant, lieux=list(lieux)))
    }
    return lieux, [trouves[cle] for cle in lieux if cle in trouves]


def _un_par_lieu(motifs: Iterable[Motif], creneaux: Iterable[Creneau]) -> list[Creneau]:
    """Keep the first slot of each place, and of each structure elsewhere than in its places, of slots in order."""
    structures = {motif.pk: motif.structure_id for motif in motifs}
    premiers: dict[tuple[int, int | None], Creneau] = {}
    for creneau in creneaux:
        premiers.setdefault((structures[creneau.motif_id], creneau.lieu_id), creneau)
    return list(premiers.values())
