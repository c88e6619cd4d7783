"""Write the places of the national directory."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from cartographie.fichiers import Anomalie, Ligne
from cartographie.standard import Analyse, LieuDuStandard, Rattachement, analyser
from plages.models import PlageOuverture
from reservations.models import RendezVous
from structures.communes import (
    Annuaire,
    annuaire_national,
    departement_du_code_postal,
    distance_km,
    normaliser,
)
from structures.fuseaux import departement_du_code, fuseau_du_departement
from structures.models import Lieu, Structure

INSEE_FOURNI = "donné par le fichier"
# What the import writes in a place. `ouvert` and everything else belong to the agents.
CHAMPS_IMPORTES = (
    *("nom", "adresse", "complement_adresse", "code_postal", "commune", "code_insee", "latitude", "longitude"),
    *("telephone", "fiche"),
)
# Beyond this the coordinates contradict the address. No commune is that large but in Guyane, which is not checked.
ECART_MAXIMUM_KM = 50
LOT = 500


@dataclass(kw_only=True)
class Bilan:
    """What an import read, refused and wrote."""

    lues: int = 0
    refus: list[Anomalie] = field(default_factory=list)
    avertissements: list[Anomalie] = field(default_factory=list)
    # How each INSEE code was obtained → how many places; and those left without.
    insee: Counter[str] = field(default_factory=Counter)
    insee_introuvables: list[Anomalie] = field(default_factory=list)
    lieux_crees: int = 0
    lieux_modifies: int = 0
    lieux_inchanges: int = 0
    structures: int = 0
    structures_creees: int = 0
    # False when `strict` refused the whole file: nothing was written.
    ecrit: bool = False

    @property
    def lignes_refusees(self) -> int:
        """Rows refused; one row may be refused for several reasons."""
        return len({anomalie.ligne for anomalie in self.refus if not anomalie.fichier})

    @property
    def acceptees(self) -> int:
        return self.lues - self.lignes_refusees


def importer_lieux(
    *,
    lignes: Sequence[Ligne],
    structures: Mapping[str, Rattachement] | None = None,
    refus_prealables: Sequence[Anomalie] = (),
    strict: bool = False,
    suivre: Callable[[Iterable[Ligne]], Iterable[Ligne]] = iter,
) -> Bilan:
    """Create and update the places of a file of the national standard, and the structures they belong to.

    A row that is wrong is refused and the others are loaded; with `strict`, one refusal and nothing is written. A
    second run with the same file writes nothing, not even the same values. `suivre` wraps the rows, to show progress;
    `refus_prealables` are the rows of the structures file that were refused.

    A structure is created by an import and never changed by one: its time zone rules the plages already entered, and
    its name may have been corrected. Places missing from the file are left as they are: a file may be a part of it all.
    """
    bilan = Bilan(lues=len(lignes), refus=list(refus_prealables))
    lieux = _lire(lignes, bilan, suivre)
    communes = _completer(lieux, bilan, annuaire_national())
    if strict and bilan.refus:
        return bilan
    with transaction.atomic():
        _ecrire(lieux, communes, structures, bilan)
    bilan.ecrit = True
    return bilan


def _lire(
    lignes: Sequence[Ligne], bilan: Bilan, suivre: Callable[[Iterable[Ligne]], Iterable[Ligne]]
) -> list[LieuDuStandard]:
    """Read the rows; refuse an id already read."""
    lieux: dict[str, LieuDuStandard] = {}
    for ligne in suivre(lignes):
        analyse: Analyse = analyser(ligne)
        bilan.refus += analyse.refus
        bilan.avertissements += analyse.avertissements
        if analyse.lieu is None:
            continue
        if analyse.lieu.id in lieux:
            raison = "cet identifiant est déjà celui d'une ligne précédente"
            bilan.refus.append(Anomalie(ligne=ligne.numero, colonne="id", raison=raison, valeur=analyse.lieu.id))
            continue
        lieux[analyse.lieu.id] = analyse.lieu
    return list(lieux.values())


@dataclass(frozen=True, kw_only=True)
class _Situation:
    """Where a place is, once the commune has been looked for."""

    code_insee: str
    departement: str
    latitude: float | None
    longitude: float | None


def _completer(lieux: Sequence[LieuDuStandard], bilan: Bilan, annuaire: Annuaire) -> dict[str, _Situation]:
    """Find the missing INSEE codes and leave out the coordinates that contradict the address: id → situation."""
    return {lieu.id: _situer(lieu, bilan, annuaire) for lieu in lieux}


def _situer(lieu: LieuDuStandard, bilan: Bilan, annuaire: Annuaire) -> _Situation:
    code_insee, methode = lieu.code_insee, INSEE_FOURNI
    if not code_insee:
        trouvaille = annuaire.trouver(lieu.code_postal, lieu.commune, position=lieu.position)
        if trouvaille:
            code_insee, methode = trouvaille.commune.code_insee, trouvaille.methode.value
    if code_insee:
        bilan.insee[methode] += 1
        departement = departement_du_code(code_insee)
    else:
        raison = "commune introuvable, le lieu est chargé sans code INSEE"
        valeur = f"{lieu.code_postal} {lieu.commune}"
        bilan.insee_introuvables.append(Anomalie(ligne=lieu.ligne, colonne="commune", raison=raison, valeur=valeur))
        departement = departement_du_code_postal(lieu.code_postal)
    latitude, longitude = lieu.latitude, lieu.longitude
    commune = annuaire.par_code.get(code_insee)
    ecart = distance_km(lieu.position, commune) if lieu.position and commune else None
    if ecart is not None and ecart > ECART_MAXIMUM_KM and departement != "973":
        raison = f"les coordonnées sont à plus de {ECART_MAXIMUM_KM} km de la commune, elles sont laissées de côté"
        valeur = f"{lieu.commune}, à {ecart:.0f} km"
        bilan.avertissements.append(Anomalie(ligne=lieu.ligne, colonne="latitude", raison=raison, valeur=valeur))
        latitude = longitude = None
    return _Situation(code_insee=code_insee, departement=departement, latitude=latitude, longitude=longitude)


def _ecrire(
    lieux: Sequence[LieuDuStandard],
    situations: Mapping[str, _Situation],
    rattachements: Mapping[str, Rattachement] | None,
    bilan: Bilan,
) -> None:
    """Write what differs from the database, in bulk."""
    connus = rattachements or {}
    id_structure_de = {lieu.id: _id_structure(lieu, rattachements, bilan) for lieu in lieux}
    existants = {
        existant["id_externe"]: existant
        for existant in Lieu.objects.filter(id_externe__in=id_structure_de).values(
            "pk", "id_externe", "structure_id", *CHAMPS_IMPORTES
        )
    }
    # A place already loaded keeps its structure unless the structures file says otherwise: a SIRET proves too little.
    a_rattacher = [lieu for lieu in lieux if lieu.id in connus or lieu.id not in existants]
    structures = _creer_structures(a_rattacher, situations, id_structure_de, bilan)
    structure_de = {lieu.id: structures[id_structure_de[lieu.id]] for lieu in a_rattacher}
    _garder_les_occupes(lieux, existants, structure_de, bilan)

    nouveaux, modifies = [], []
    for lieu in lieux:
        existant = existants.get(lieu.id)
        valeurs = _valeurs(lieu, situations[lieu.id], connus.get(lieu.id), existant)
        if existant is None:
            nouveaux.append(Lieu(id_externe=lieu.id, structure_id=structure_de[lieu.id], **valeurs))
            continue
        valeurs["structure_id"] = structure_de.get(lieu.id, existant["structure_id"])
        if any(existant[champ] != valeur for champ, valeur in valeurs.items()):
            modifies.append(Lieu(pk=existant["pk"], id_externe=lieu.id, **valeurs))
    Lieu.objects.bulk_create(nouveaux, batch_size=LOT)
    if modifies:
        Lieu.objects.bulk_update(modifies, ["structure", *CHAMPS_IMPORTES], batch_size=LOT)
    bilan.structures = len({*structure_de.values(), *(existant["structure_id"] for existant in existants.values())})
    bilan.lieux_crees, bilan.lieux_modifies = len(nouveaux), len(modifies)
    bilan.lieux_inchanges = len(lieux) - len(nouveaux) - len(modifies)


def _id_structure(lieu: LieuDuStandard, rattachements: Mapping[str, Rattachement] | None, bilan: Bilan) -> str:
    """Return the directory's id of the structure of a place.

    Without a structures file, places of one SIRET are one structure, and a place without SIRET is its own.
    """
    if rattachements is not None:
        if rattachement := rattachements.get(lieu.id):
            return rattachement.id_structure
        raison = "ce lieu n'est pas dans le fichier des structures, sa structure est déduite du SIRET"
        bilan.avertissements.append(Anomalie(ligne=lieu.ligne, colonne="id", raison=raison, valeur=lieu.id))
    return f"pivot:{lieu.pivot}" if lieu.a_un_pivot else f"lieu:{lieu.id}"


def _creer_structures(
    lieux: Sequence[LieuDuStandard],
    situations: Mapping[str, _Situation],
    id_structure_de: Mapping[str, str],
    bilan: Bilan,
) -> dict[str | None, int]:
    """Create the structures of these places that do not exist yet; return the directory's id → primary key of all."""
    membres: dict[str, list[LieuDuStandard]] = defaultdict(list)
    for lieu in lieux:
        membres[id_structure_de[lieu.id]].append(lieu)
    cles = dict(Structure.objects.filter(id_externe__in=membres).values_list("id_externe", "pk"))
    nouvelles = []
    for id_externe, siens in membres.items():
        if id_externe in cles:
            continue
        departements = Counter(situations[lieu.id].departement for lieu in siens)
        departement = departements.most_common(1)[0][0]
        fuseau = fuseau_du_departement(departement)
        structure = Structure(
            nom=nom_de_structure(siens), departement=departement, fuseau=fuseau, id_externe=id_externe
        )
        nouvelles.append(structure)
        if any(fuseau_du_departement(autre) != fuseau for autre in departements):
            raison = "les lieux de cette structure sont dans plusieurs fuseaux horaires, elle suit le plus fréquent"
            bilan.avertissements.append(
                Anomalie(ligne=siens[0].ligne, colonne="code_postal", raison=raison, valeur=structure.nom)
            )
    cles.update(
        (structure.id_externe, structure.pk) for structure in Structure.objects.bulk_create(nouvelles, batch_size=LOT)
    )
    bilan.structures_creees = len(nouvelles)
    return cles


def _garder_les_occupes(
    lieux: Sequence[LieuDuStandard],
    existants: Mapping[str, Mapping[str, Any]],
    structure_de: dict[str, int],
    bilan: Bilan,
) -> None:
    """Keep in their structure the places where agents already receive people: plages and rendez-vous belong to it."""
    deplaces = {
        existants[lieu.id]["pk"]: lieu
        for lieu in lieux
        if lieu.id in existants
        and structure_de.get(lieu.id, existants[lieu.id]["structure_id"]) != existants[lieu.id]["structure_id"]
    }
    if not deplaces:
        return
    occupes = set(PlageOuverture.objects.filter(lieu__in=deplaces).values_list("lieu_id", flat=True))
    occupes |= set(RendezVous.objects.filter(lieu__in=deplaces).values_list("lieu_id", flat=True))
    for cle, lieu in deplaces.items():
        if cle in occupes:
            structure_de[lieu.id] = existants[lieu.id]["structure_id"]
            raison = "ce lieu change de structure mais il a des plages ou des rendez-vous, il reste où il est"
            bilan.avertissements.append(Anomalie(ligne=lieu.ligne, colonne="id", raison=raison, valeur=lieu.nom))


def nom_de_structure(lieux: Sequence[LieuDuStandard]) -> str:
    """Return a name for the structure of these places, since the directory gives it none.

    Places with a real SIRET first (it is the organisation's own, often its seat), then the name most often used, then
    the order of the file.
    """
    candidats = [lieu for lieu in lieux if lieu.a_un_pivot] or list(lieux)
    frequences = Counter(normaliser(lieu.nom) for lieu in candidats)
    return max(candidats, key=lambda lieu: frequences[normaliser(lieu.nom)]).nom


def _valeurs(
    lieu: LieuDuStandard,
    situation: _Situation,
    rattachement: Rattachement | None,
    existant: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the columns that the import writes, for a place."""
    fiche = dict(lieu.fiche)
    # The number of helpers comes from the structures file: an import without that file does not forget it.
    aidants = rattachement.nombre_aidants if rattachement else (existant or {}).get("fiche", {}).get("nombre_aidants")
    if aidants is not None:
        fiche["nombre_aidants"] = aidants
    return {
        "nom": lieu.nom,
        "adresse": lieu.adresse,
        "complement_adresse": lieu.complement_adresse,
        "code_postal": lieu.code_postal,
        "commune": lieu.commune,
        "code_insee": situation.code_insee,
        "latitude": situation.latitude,
        "longitude": situation.longitude,
        "telephone": lieu.telephone,
        "fiche": fiche,
    }
