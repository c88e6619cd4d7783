"""Who wins, field by field, when the national file and the agents say different things of a place (pure, no Django).

Three values are compared: what the file says now, what it said last time, and what we have. What differs from the last
time was corrected by someone here, and stays; what does not is the file's, and follows it. docs/cartographie.md says so
for each field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What people type, in groups that only make sense together: half an address corrected is another address.
GROUPES = (("nom",), ("adresse", "complement_adresse", "code_postal", "commune"), ("telephone",))
TAPES = tuple(champ for groupe in GROUPES for champ in groupe)
# What is found from the address and follows it. The file does not erase what it does not know.
DEDUITS = ("code_insee", "latitude", "longitude")
ADRESSE = GROUPES[1]


@dataclass(frozen=True)
class Ecart:
    """A field that differs: what we have, and what the file says."""

    champ: str
    ici: Any
    fichier: Any


@dataclass
class Arbitrage:
    """What to write, and what the agents wrote otherwise, which stays."""

    ecrire: dict[str, Any] = field(default_factory=dict)
    gardes: list[Ecart] = field(default_factory=list)


def arbitrer(fichier: Mapping[str, Any], releve: Mapping[str, str], ici: Mapping[str, Any]) -> Arbitrage:
    """Settle what the file and the agents say. `releve`: what the file said last; empty when nothing was kept of it."""
    rendu = Arbitrage()
    for groupe in GROUPES:
        corrige = any(champ in releve and releve[champ] != ici[champ] for champ in groupe)
        ecarts = [Ecart(champ, ici[champ], fichier[champ]) for champ in groupe if ici[champ] != fichier[champ]]
        if corrige:
            rendu.gardes += ecarts
        else:
            rendu.ecrire |= {ecart.champ: ecart.fichier for ecart in ecarts}
    if not any(ecart.champ in ADRESSE for ecart in rendu.gardes):
        demenage = any(champ in rendu.ecrire for champ in ADRESSE)
        for champ in DEDUITS:
            inconnu = fichier[champ] in (None, "") and not demenage
            if fichier[champ] != ici[champ] and not inconnu:
                rendu.ecrire[champ] = fichier[champ]
    if ici["fiche"] != fichier["fiche"]:  # the columns of the standard, which nobody types here
        rendu.ecrire["fiche"] = fichier["fiche"]
    return rendu
