"""Make the structures of a directory of agents ready to work, and invite these agents."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from cartographie.fichiers import Anomalie, Ligne
from motifs.models import Motif
from structures import equipe
from structures.communes import Commune, annuaire_national, departement_du_code_postal
from structures.fuseaux import departement_du_code, fuseau_du_departement
from structures.models import Agent, Lieu, Role, Structure
from structures.texte import en_ligne

# Column → the longest value that the database takes.
OBLIGATOIRES = {
    "id_structure": 100,
    "structure": 250,
    "code_postal": 5,
    "commune": 150,
    "id_agent": 100,
    "prenom": 100,
    "nom": 100,
    "courriel": 254,
}
COLONNES = {**OBLIGATOIRES, "adresse": 300}
MOTIFS = (("Accompagnement individuel", 60, "#99CC99"), ("Atelier", 120, "#4A86E8"))


@dataclass(kw_only=True)
class Bilan:
    """What an import of agents read, refused and wrote."""

    lues: int = 0
    refus: list[Anomalie] = field(default_factory=list)
    avertissements: list[Anomalie] = field(default_factory=list)
    structures_creees: int = 0
    agents_crees: int = 0
    invitations: int = 0
    courriels_changes: int = 0

    @property
    def acceptees(self) -> int:
        return self.lues - len({anomalie.ligne for anomalie in self.refus})


class _Refus(Exception):
    """A row is refused: its column, and the reason in French."""

    def __init__(self, colonne: str, raison: str, valeur: str = "") -> None:
        super().__init__(raison)
        self.colonne, self.raison, self.valeur = colonne, raison, valeur


def inviter_agents(*, lignes: Sequence[Ligne], maintenant: datetime) -> Bilan:
    """Create what is missing for each row, and invite its agent as an admin; a second run writes nothing.

    A structure that exists keeps its name, and its lieux and motifs if it has any: they belong to its agents by now.
    An agent is known by the directory's id, else by e-mail. One whose address changed gets the new one if it is free.
    One who changes structure becomes a member of the new one *and stays in the former one*, where people may be
    expecting them: the report says so, and an admin takes them out from a page that lists what it cancels.

    One transaction a row: a row that is refused leaves nothing behind, and the others are written.
    """
    bilan = Bilan(lues=len(lignes))
    for ligne in lignes:
        try:
            valeurs = _lire(ligne)
            with transaction.atomic():
                _ecrire(ligne.numero, valeurs, bilan, maintenant)
        except _Refus as refus:
            bilan.refus.append(
                Anomalie(ligne=ligne.numero, colonne=refus.colonne, raison=refus.raison, valeur=refus.valeur)
            )
    return bilan


def _lire(ligne: Ligne) -> dict[str, str]:
    """Return the values of a row, each on one line; raises _Refus at the first that cannot be."""
    if ligne.erreur:
        raise _Refus("", ligne.erreur)
    valeurs = {colonne: en_ligne(ligne.valeurs.get(colonne, "")) for colonne in COLONNES}
    for colonne, longueur in COLONNES.items():
        if not valeurs[colonne] and colonne in OBLIGATOIRES:
            raise _Refus(colonne, "valeur obligatoire absente")
        if len(valeurs[colonne]) > longueur and colonne != "code_postal":
            raise _Refus(colonne, f"{longueur} caractères au plus", valeurs[colonne])
    valeurs["code_postal"] = valeurs["code_postal"].replace(" ", "")
    if not re.fullmatch(r"[0-9]{5}", valeurs["code_postal"]):
        raise _Refus("code_postal", "cinq chiffres sont attendus", valeurs["code_postal"])
    valeurs["courriel"] = valeurs["courriel"].lower()
    try:
        validate_email(valeurs["courriel"])
    except ValidationError as erreur:
        raise _Refus("courriel", "ce n'est pas une adresse e-mail", valeurs["courriel"]) from erreur
    return valeurs


def _ecrire(numero: int, valeurs: dict[str, str], bilan: Bilan, maintenant: datetime) -> None:
    agent, agent_cree = _agent(valeurs)
    structure, structure_creee = _structure(numero, valeurs, bilan)
    anciennes = list(agent.structures.exclude(pk=structure.pk).order_by("nom", "pk"))
    courriel_change = not agent_cree and _suivre_le_courriel(numero, agent, valeurs["courriel"], bilan)
    invite = equipe.ajouter(agent=agent, structure=structure, role=Role.ADMIN, maintenant=maintenant)
    if invite and anciennes:
        raison = "cet agent reste aussi dans son ancienne structure, d'où un administrateur peut le retirer"
        noms = ", ".join(ancienne.nom for ancienne in anciennes)
        bilan.avertissements.append(Anomalie(ligne=numero, colonne="id_structure", raison=raison, valeur=noms))
    if courriel_change and not invite:
        with suppress(equipe.EquipeRefusee):  # they have a password: nothing to choose
            equipe.relancer(appartenance=structure.appartenances.get(agent=agent), maintenant=maintenant)
    bilan.structures_creees += structure_creee
    bilan.agents_crees += agent_cree
    bilan.invitations += invite
    bilan.courriels_changes += courriel_change


def _agent(valeurs: dict[str, str]) -> tuple[Agent, bool]:
    """Return the agent of this id, else of this address, else a new one; and whether it is new."""
    agent = Agent.objects.filter(id_externe=valeurs["id_agent"]).first()
    if agent is None:
        agent = Agent.objects.filter(courriel__iexact=valeurs["courriel"]).first()
        if agent is not None and agent.id_externe is not None:
            raise _Refus("courriel", "cette adresse est celle d'un agent qui a un autre identifiant", agent.courriel)
    if agent is None:
        agent = Agent.objects.create(
            id_externe=valeurs["id_agent"],
            courriel=valeurs["courriel"],
            prenom=valeurs["prenom"],
            nom=valeurs["nom"],
            password=make_password(None),
        )
        return agent, True
    if not agent.is_active:
        raise _Refus("id_agent", "le compte de cet agent est fermé", valeurs["id_agent"])
    if agent.id_externe is None:
        agent.id_externe = valeurs["id_agent"]
        agent.save(update_fields=["id_externe"])
    return agent, False


def _suivre_le_courriel(numero: int, agent: Agent, courriel: str, bilan: Bilan) -> bool:
    """Give an agent their new address, unless someone else has it."""
    if agent.courriel.lower() == courriel:
        return False
    if Agent.objects.filter(courriel__iexact=courriel).exists():
        raison = "cette nouvelle adresse est déjà celle d'un autre agent, l'ancienne est gardée"
        bilan.avertissements.append(Anomalie(ligne=numero, colonne="courriel", raison=raison, valeur=courriel))
        return False
    agent.courriel = courriel
    agent.save(update_fields=["courriel"])
    return True


def _structure(numero: int, valeurs: dict[str, str], bilan: Bilan) -> tuple[Structure, bool]:
    """Return the structure of this id, made if need be, with a lieu and motifs to begin with."""
    trouvaille = annuaire_national().trouver(valeurs["code_postal"], valeurs["commune"])
    commune = trouvaille.commune if trouvaille else None
    departement = (
        departement_du_code(commune.code_insee) if commune else departement_du_code_postal(valeurs["code_postal"])
    )
    structure, creee = Structure.objects.get_or_create(
        id_externe=valeurs["id_structure"],
        defaults={
            "nom": valeurs["structure"],
            "departement": departement,
            "fuseau": fuseau_du_departement(departement),
        },
    )
    if not structure.lieux.exists():
        if commune is None:
            raison = "commune introuvable, le lieu est créé sans être placé sur la carte"
            valeur = f"{valeurs['code_postal']} {valeurs['commune']}"
            bilan.avertissements.append(Anomalie(ligne=numero, colonne="commune", raison=raison, valeur=valeur))
        _creer_lieu(structure, valeurs, commune)
    if not structure.motifs.exists():
        Motif.objects.bulk_create(
            [Motif(structure=structure, nom=nom, duree=duree, couleur=couleur) for nom, duree, couleur in MOTIFS]
        )
    return structure, creee


def _creer_lieu(structure: Structure, valeurs: dict[str, str], commune: Commune | None) -> None:
    Lieu.objects.create(
        structure=structure,
        nom=structure.nom,
        adresse=valeurs["adresse"],
        code_postal=valeurs["code_postal"],
        commune=commune.nom if commune else valeurs["commune"],
        code_insee=commune.code_insee if commune else "",
        latitude=commune.latitude if commune else None,
        longitude=commune.longitude if commune else None,
    )
