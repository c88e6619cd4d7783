"""Write the places of the national directory."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from cartographie.arbitrage import DEDUITS, TAPES, arbitrer
from cartographie.bilan import (
    FERMES,
    GARDES,
    MODIFIES,
    REUNIS,
    ROUVERTS,
    Bilan,
    Changement,
    TropDeFermetures,
    dire,
    ecarts,
)
from cartographie.fichiers import Anomalie, Ligne
from cartographie.models import Releve
from cartographie.situation import Situation, situer
from cartographie.standard import Analyse, LieuDuStandard, Rattachement, analyser
from plages.models import PlageOuverture
from reservations.models import STATUTS_OCCUPANTS, RendezVous
from structures.communes import annuaire_national, normaliser
from structures.fuseaux import fuseau_du_departement
from structures.models import Lieu, Structure

# What the import reads and writes in a place; `ouvert` only for a place that leaves the directory or comes back.
CHAMPS_IMPORTES = (*TAPES, *DEDUITS, "fiche")
FERMETURES_SANS_DOUTE = 20  # beyond this and a tenth of the places, a file said to be whole is doubted
LOT = 1000


def importer_lieux(
    *,
    lignes: Sequence[Ligne],
    structures: Mapping[str, Rattachement] | None = None,
    refus_prealables: Sequence[Anomalie] = (),
    strict: bool = False,
    complet: bool = False,
    fermer_au_plus: int | None = None,
    essai: bool = False,
    maintenant: datetime | None = None,
    suivre: Callable[[Iterable[Ligne]], Iterable[Ligne]] = iter,
) -> Bilan:
    """Create and update the places of a file of the national standard, and the structures they belong to.

    A row that is wrong is refused and the others are loaded; with `strict`, one refusal and nothing is written. A
    second run with the same file writes nothing, not even the same values. `suivre` wraps the rows, to show progress;
    `refus_prealables` are the rows of the structures file that were refused.

    A structure is created by an import and never changed by one: its time zone rules the plages already entered, and
    its name may have been corrected. What agents corrected in a place stays (`cartographie.arbitrage`). `complet`: the
    file is the whole directory, the places that it does not have are closed; otherwise they are left as they are.
    `essai`: everything is done, then undone. Raises TropDeFermetures.
    """
    bilan = Bilan(lues=len(lignes), refus=list(refus_prealables))
    lieux = _lire(lignes, bilan, suivre)
    situations = {lieu.id: situer(lieu, bilan, annuaire_national()) for lieu in lieux}
    if strict and bilan.refus:
        return bilan
    importation = _Importation(lieux, situations, structures, maintenant or timezone.now(), bilan)
    with transaction.atomic():
        importation.ecrire()
        if complet:
            importation.fermer_les_absents(lignes, fermer_au_plus)
        transaction.set_rollback(essai)
    bilan.traite, bilan.ecrit = True, not essai
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


@dataclass
class _Importation:
    """The writing of the places of a file, in the transaction of the caller."""

    lieux: Sequence[LieuDuStandard]
    situations: Mapping[str, Situation]
    rattachements: Mapping[str, Rattachement] | None
    maintenant: datetime
    bilan: Bilan
    existants: dict[str, Lieu] = field(default_factory=dict)
    releves: list[Releve] = field(default_factory=list)

    def ecrire(self) -> None:
        """Write what differs from the database, in bulk."""
        bilan, connus = self.bilan, self.rattachements or {}
        id_structure_de = {lieu.id: _id_structure(lieu, self.rattachements, bilan) for lieu in self.lieux}
        self.existants = self._verrouiller()
        modifies = self._reconnaitre()
        # A place already loaded keeps its structure unless the structures file says otherwise: a SIRET proves little.
        a_rattacher = [lieu for lieu in self.lieux if lieu.id in connus or lieu.id not in self.existants]
        structures = _creer_structures(a_rattacher, self.situations, id_structure_de, bilan)
        structure_de = {lieu.id: structures[id_structure_de[lieu.id]] for lieu in a_rattacher}
        _garder_les_occupes(self.lieux, self.existants, structure_de, bilan)

        nouveaux = []
        for lieu in self.lieux:
            existant = self.existants.get(lieu.id)
            valeurs = _valeurs(lieu, self.situations[lieu.id], connus.get(lieu.id), existant)
            if existant is None:
                existant = Lieu(id_externe=lieu.id, structure_id=structure_de[lieu.id], **valeurs)
                nouveaux.append(existant)
            elif self._changer(existant, valeurs, structure_de.get(lieu.id, existant.structure_id)):
                modifies.add(existant)
            self._relever(existant, valeurs)
        Lieu.objects.bulk_create(nouveaux, batch_size=LOT)
        Lieu.objects.bulk_update(modifies, ["structure", "id_externe", "ouvert", *CHAMPS_IMPORTES], batch_size=LOT)
        _garder(self.releves)
        bilan.structures = len({*structure_de.values(), *(lieu.structure_id for lieu in self.existants.values())})
        bilan.lieux_crees, bilan.lieux_modifies = len(nouveaux), len(modifies)
        bilan.lieux_inchanges = len(self.lieux) - len(nouveaux) - len(modifies)

    def _verrouiller(self) -> dict[str, Lieu]:
        """Return the places that the file may mean, so that what an agent saves meanwhile waits and is not lost."""
        ids = {nom for lieu in self.lieux for nom in (lieu.id, *anciens_ids(lieu.id))}
        connus = Lieu.objects.select_for_update(of=("self",), no_key=True).select_related("releve").order_by("pk")
        return {str(lieu.id_externe): lieu for lieu in connus.filter(id_externe__in=ids)}

    def _reconnaitre(self) -> set[Lieu]:
        """Give the new identifier to the places that the file has merged or renamed; return them.

        Of several, the one where people have the most rendez-vous stays; the others are closed.
        """
        presents = {lieu.id for lieu in self.lieux}
        candidats = {
            lieu.id: anciens
            for lieu in self.lieux
            if lieu.id not in self.existants
            and (anciens := [self.existants[a] for a in anciens_ids(lieu.id) if a in self.existants.keys() - presents])
        }
        usages = _usages([lieu for anciens in candidats.values() for lieu in anciens], self.maintenant)
        for id_externe, anciens in candidats.items():
            garde, *autres = sorted(anciens, key=lambda lieu: ([-n for n in usages[lieu.pk]], lieu.pk))
            self.existants[id_externe] = self.existants.pop(str(garde.id_externe))
            self.bilan.changements.append(Changement(REUNIS, _nommer(garde), f"devient {id_externe}"))
            garde.id_externe = id_externe
            self._fermer(autres, usages, f"réuni avec « {garde.nom} » ({garde.commune})")
        return {self.existants[id_externe] for id_externe in candidats}

    def _changer(self, existant: Lieu, valeurs: Mapping[str, Any], structure: int) -> bool:
        """Change a place as the file says, but for what agents corrected; return whether anything changed."""
        releve, nom = _releve(existant), _nommer(existant)
        ici = {champ: _lu(existant, champ) for champ in CHAMPS_IMPORTES}
        rendu = arbitrer(valeurs, releve.valeurs if releve else {}, ici)
        self.bilan.changements += [
            Changement(GARDES, nom, f"{e.champ} {dire(e.ici)}, le fichier dit {dire(e.fichier)}") for e in rendu.gardes
        ]
        details = [phrase for champ, valeur in rendu.ecrire.items() for phrase in ecarts(champ, ici[champ], valeur)]
        for champ, valeur in rendu.ecrire.items():
            setattr(existant, champ, valeur)
        if structure != existant.structure_id:
            existant.structure_id = structure
            details.append("change de structure")
        if details:
            self.bilan.changements.append(Changement(MODIFIES, nom, ", ".join(details)))
        revient = releve is not None and releve.a_rouvrir and not existant.ouvert
        if revient:
            existant.ouvert = True
            self.bilan.changements.append(Changement(ROUVERTS, nom, "le fichier le connaît de nouveau"))
        return bool(details) or revient

    def _relever(self, lieu: Lieu, valeurs: Mapping[str, Any]) -> None:
        """Keep what the file says of a place, to be written if it is not what it said."""
        dites, ancien = {champ: valeurs[champ] for champ in TAPES}, _releve(lieu)
        if ancien is None or ancien.retire_le is not None or ancien.valeurs != dites:
            self.releves.append(Releve(lieu=lieu, valeurs=dites))

    def fermer_les_absents(self, lignes: Sequence[Ligne], fermer_au_plus: int | None) -> None:
        """Close the places that the whole directory no longer has. A row that was refused still names its place."""
        if any(ligne.erreur for ligne in lignes):
            raison = "une ligne ne peut pas être lue : on ne sait pas quel lieu elle nomme, aucun lieu n'est fermé"
            self.bilan.avertissements.append(Anomalie(ligne=0, colonne="", raison=raison))
            return
        nommes = {ligne.valeurs.get("id", "") for ligne in lignes}
        connus = Lieu.objects.filter(id_externe__isnull=False)
        absents = list(
            connus.exclude(id_externe__in=nommes)
            .exclude(releve__retire_le__isnull=False)
            .select_for_update(of=("self",), no_key=True)
            .select_related("releve")
            .order_by("pk")
        )
        permis = max(FERMETURES_SANS_DOUTE, connus.count() // 10) if fermer_au_plus is None else fermer_au_plus
        if len(absents) > permis:
            raise TropDeFermetures(
                f"Ce fichier fermerait {len(absents)} lieu{'x' if len(absents) > 1 else ''} : est-il bien entier ? "
                f"Pour le permettre : --fermer-au-plus {len(absents)}."
            )
        self._fermer(absents, _usages(absents, self.maintenant), "absent du fichier")

    def _fermer(self, lieux: Sequence[Lieu], usages: Mapping[int, tuple[int, int]], raison: str) -> None:
        """Close places that the directory no longer has. Their rendez-vous and their plages stay, and are said."""
        retires = []
        for lieu in lieux:
            releve = _releve(lieu) or Releve(lieu=lieu)
            if releve.retire_le is not None:
                continue
            releve.retire_le, releve.a_rouvrir, lieu.ouvert = self.maintenant, lieu.ouvert, False
            retires.append(releve)
            rendez_vous, plages = usages[lieu.pk]
            restent = f"{rendez_vous} rendez-vous à venir, {plages} plage{'s' if plages > 1 else ''} d'ouverture"
            self.bilan.changements.append(Changement(FERMES, _nommer(lieu), f"{raison} ; {restent}"))
        Lieu.objects.filter(pk__in=[releve.lieu_id for releve in retires]).update(ouvert=False)
        _garder(retires)


def anciens_ids(id_externe: str) -> list[str]:
    """Return the identifiers that a place may have had, from the one it has.

    The directory joins those of the places that it merges ("a|b", "a__b"), and names their source ("source_a").
    """
    parties = re.split(r"\||__", id_externe)
    noms = [nom for partie in parties for nom in (partie, partie.partition("_")[2]) if nom and nom != id_externe]
    return list(dict.fromkeys(noms))


def _garder(releves: Collection[Releve]) -> None:
    Releve.objects.bulk_create(
        releves,
        batch_size=LOT,
        update_conflicts=True,
        unique_fields=["lieu"],
        update_fields=["valeurs", "retire_le", "a_rouvrir"],
    )


def _releve(lieu: Lieu) -> Releve | None:
    return getattr(lieu, "releve", None) if lieu.pk else None


def _usages(lieux: Collection[Lieu], maintenant: datetime) -> dict[int, tuple[int, int]]:
    """Return, for each place, how many rendez-vous are to come there, and how many plages are not over. Two queries."""
    if not lieux:
        return {}
    rendez_vous = Counter(
        RendezVous.objects.filter(lieu__in=lieux, debut__gte=maintenant, statut__in=STATUTS_OCCUPANTS).values_list(
            "lieu", flat=True
        )
    )
    plages = Counter(
        PlageOuverture.objects.en_cours(timezone.localdate(maintenant))
        .filter(lieu__in=lieux)
        .values_list("lieu", flat=True)
    )
    return {lieu.pk: (rendez_vous[lieu.pk], plages[lieu.pk]) for lieu in lieux}


def _lu(lieu: Lieu, champ: str) -> Any:
    """Return a field as the file says it: a phone number is text."""
    if champ != "telephone":
        return getattr(lieu, champ)
    return str(lieu.telephone.as_e164) if lieu.telephone else ""


def _nommer(lieu: Lieu) -> str:
    return f"{lieu.id_externe}, {lieu.nom} ({lieu.commune})"


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
    situations: Mapping[str, Situation],
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
    existants: Mapping[str, Lieu],
    structure_de: dict[str, int],
    bilan: Bilan,
) -> None:
    """Keep in their structure the places where agents already receive people: plages and rendez-vous belong to it."""
    deplaces = {
        existant.pk: lieu
        for lieu in lieux
        if (existant := existants.get(lieu.id))
        and structure_de.get(lieu.id, existant.structure_id) != existant.structure_id
    }
    if not deplaces:
        return
    occupes = set(PlageOuverture.objects.filter(lieu__in=deplaces).values_list("lieu_id", flat=True))
    occupes |= set(RendezVous.objects.filter(lieu__in=deplaces).values_list("lieu_id", flat=True))
    for cle, lieu in deplaces.items():
        if cle in occupes:
            structure_de[lieu.id] = existants[lieu.id].structure_id
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
    situation: Situation,
    rattachement: Rattachement | None,
    existant: Lieu | None,
) -> dict[str, Any]:
    """Return the columns that the import writes, for a place."""
    fiche = dict(lieu.fiche)
    # The number of helpers comes from the structures file: an import without that file does not forget it.
    connu = existant.fiche.get("nombre_aidants") if existant else None
    aidants = rattachement.nombre_aidants if rattachement else connu
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
