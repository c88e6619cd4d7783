"""When each place can be booked, and why not: the slots engine asked about many places at once. No write here.

A motif on site makes bookable the places where it has a free slot. One by phone, by video or at home has no place of
its own: it makes bookable every open place of its structure, since the brief promises the button to whoever opens a
motif and a plage. What is on site comes first: the booking link of a place shows that alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from cartographie.models import Releve
from motifs.models import Motif
from plages.models import PlageOuverture
from reservations.creneaux import Demande, creneaux_libres, demande_du_public, premiers_creneaux
from structures.models import Lieu

QUELQUES, UNE_SEMAINE = 3, timedelta(weeks=1)  # how many next times are said of a motif, and looked for how far


@dataclass(frozen=True)
class Disponibilite:
    """The first slot that the public may book for a place."""

    debut: datetime
    motif: Motif

    @property
    def sur_place(self) -> bool:
        return self.motif.sur_place


def prochaines(lieux: Collection[Lieu], maintenant: datetime) -> dict[int, Disponibilite]:
    """Return the first slot of each place (by key) that has one. Three queries at most, whatever their number."""
    ouverts = [lieu for lieu in lieux if lieu.ouvert]
    demandes = [demande_du_public(motif, maintenant=maintenant) for motif in _motifs_ouverts(ouverts)]
    return _premieres(demandes, ouverts, maintenant)


def par_motif(lieu: Lieu, maintenant: datetime) -> list[Disponibilite]:
    """Return the first slot of each motif that can be booked for a place, soonest first. Two queries.

    Those on site alone when there are some: they are what the booking link of the place shows.
    """
    if not lieu.ouvert:
        return []
    motifs = {motif.pk: motif for motif in _motifs_ouverts([lieu])}
    demandes = [demande_du_public(motif, maintenant=maintenant) for motif in motifs.values()]
    trouvees = [
        Disponibilite(creneau.debut, motifs[creneau.motif_id])
        for creneau in premiers_creneaux(demandes, maintenant=maintenant)
        if creneau.lieu_id in (lieu.pk, None)
    ]
    return [trouvee for trouvee in trouvees if trouvee.sur_place] or trouvees


def suivants(lieu: Lieu, trouvees: Sequence[Disponibilite], maintenant: datetime) -> list[list[datetime]]:
    """Return the few next times of each of these motifs of a place, from its first one on. One query."""
    demandes = [
        demande_du_public(trouvee.motif, maintenant=maintenant, du=trouvee.debut, au=trouvee.debut + UNE_SEMAINE)
        for trouvee in trouvees
    ]
    debuts: dict[int, dict[datetime, None]] = {trouvee.motif.pk: {} for trouvee in trouvees}
    for creneau in creneaux_libres(demandes, maintenant=maintenant):  # sorted by start
        if creneau.lieu_id in (lieu.pk, None):
            debuts[creneau.motif_id][creneau.debut] = None
    return [list(debuts[trouvee.motif.pk])[:QUELQUES] for trouvee in trouvees]


def raisons(lieux: Collection[Lieu], maintenant: datetime) -> dict[int, str]:
    """Return why each of these places, which has no slot for the public, has none. Five queries at most.

    The places come with their structure.
    """
    motifs = _motifs_ouverts(lieux)
    avec_motif = {motif.structure_id for motif in motifs}
    ouvertes, avec_plage = _plages(motifs, maintenant)
    fermes = [lieu.pk for lieu in lieux if not lieu.ouvert]
    retires = Releve.objects.filter(lieu__in=fermes, retire_le__isnull=False).values_list("lieu", flat=True)
    partis = set(retires) if fermes else set()
    demandes = [demande_du_public(motif, maintenant=maintenant) for motif in motifs]
    sans_rendez_vous = _premieres(demandes, lieux, maintenant, rendez_vous=False)
    grille = _premieres(demandes, lieux, maintenant, rendez_vous=False, absences=False)

    def raison(lieu: Lieu) -> str:
        structure = lieu.structure
        if not structure.reservation_en_ligne_possible:
            return "la réservation en ligne n'existe pas sur RDV Solidarités"
        if structure.lien_ferme:
            return "le lien de réservation de la structure est fermé"
        if lieu.pk in partis:
            return "le fichier national ne connaît plus ce lieu : s'il accueille encore, rouvrez-le dans « Lieux »"
        if not lieu.ouvert:
            return "ce lieu est fermé"
        if structure.pk not in avec_motif:
            return "aucun motif n'est ouvert à tout le monde"
        if lieu.pk not in avec_plage and structure.pk not in ouvertes:
            return "aucune plage d'ouverture dans ce lieu pour un motif ouvert"
        if lieu.pk in sans_rendez_vous:
            return "tous les créneaux sont pris"
        if lieu.pk in grille:
            return "les agents sont absents"
        return "aucun créneau dans les délais de réservation"

    return {lieu.pk: raison(lieu) for lieu in lieux}


def _motifs_ouverts(lieux: Iterable[Lieu]) -> list[Motif]:
    structures = {lieu.structure_id for lieu in lieux}
    return list(Motif.objects.ouverts_a_tous().filter(structure__in=structures).order_by("pk")) if structures else []


def _plages(motifs: Collection[Motif], maintenant: datetime) -> tuple[set[int], set[int]]:
    """Return the structures with a plage for a motif that has no place, and the places with one for a motif on site."""
    par_cle = {motif.pk: motif for motif in motifs}
    structures, lieux = set(), set()
    plages = PlageOuverture.objects.en_cours(timezone.localdate(maintenant)).filter(agent__is_active=True)
    for motif_id, lieu_id in plages.filter(motifs__in=par_cle).values_list("motifs", "lieu").distinct():
        if motif_id not in par_cle:
            continue
        if par_cle[motif_id].sur_place:
            lieux.add(lieu_id)
        else:
            structures.add(par_cle[motif_id].structure_id)
    return structures, lieux


def _premieres(
    demandes: Collection[Demande],
    lieux: Iterable[Lieu],
    maintenant: datetime,
    *,
    absences: bool = True,
    rendez_vous: bool = True,
) -> dict[int, Disponibilite]:
    """Ask the engine once; return the first slot of each open place."""
    motifs = {demande.motif.pk: demande.motif for demande in demandes}
    ici: dict[int, Disponibilite] = {}
    sans_lieu: dict[int, Disponibilite] = {}
    creneaux = premiers_creneaux(list(demandes), maintenant=maintenant, absences=absences, rendez_vous=rendez_vous)
    for creneau in creneaux:  # sorted by start
        motif = motifs[creneau.motif_id]
        trouvee = Disponibilite(creneau.debut, motif)
        if creneau.lieu_id is None:
            sans_lieu.setdefault(motif.structure_id, trouvee)
        else:
            ici.setdefault(creneau.lieu_id, trouvee)
    premieres = {}
    for lieu in lieux:
        disponibilite = ici.get(lieu.pk) or sans_lieu.get(lieu.structure_id)
        if disponibilite and lieu.ouvert:
            premieres[lieu.pk] = disponibilite
    return premieres
