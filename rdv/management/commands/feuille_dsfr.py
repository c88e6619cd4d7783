"""manage.py feuille_dsfr: write in `static/css/` the part of the DSFR's style sheets that our pages use.

The DSFR's own files are 276 kB that an old phone reads on every page, and most of it matches nothing of ours: spacings
at each width, accents, icons, the dark theme. A rule is kept when each class that it asks for is written somewhere in
our templates, modules or scripts, whole or as a prefix (a modifier that ends with a variable); what names no class is
always kept. Runs when developing: `tests/rdv/test_feuille_dsfr.py` says when to run it again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

import tinycss2
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management.base import BaseCommand, CommandError

RACINE = Path(settings.BASE_DIR)
STYLES = RACINE / "static/css"
DIST = "dsfr/dist"
# In the order in which pages would load them.
FICHIERS = [
    "core/core.main.min.css",
    *(
        f"component/{nom}/{nom}.main.min.css"
        for nom in ("link", "button", "form", "input", "select", "checkbox", "radio", "alert")
    ),
]
LOGO = "component/logo/logo.main.min.css"
FEUILLE, MARQUE = "dsfr.css", "dsfr-marque.css"
NOTRES = ["templates", "rdv", "structures", "motifs", "plages", "reservations", "cartographie", "static/js"]
MOT = re.compile(r"(?<![\w-])(?:data-fr-[\w-]+(?:=\"[\w-]+)?|fr-[\w@-]+)")


@dataclass
class Regle:
    """A rule, or a group of rules such as those of a width of screen."""

    entete: str
    declarations: list[tuple[str, str]] = field(default_factory=list)
    regles: list["Regle"] = field(default_factory=list)

    def toutes(self) -> Iterator["Regle"]:
        yield self
        for regle in self.regles:
            yield from regle.toutes()

    def en_texte(self, variables: set[str]) -> str:
        """Return the rule, which sets only these variables; "" when nothing is left of it."""
        gardees = [(nom, valeur) for nom, valeur in self.declarations if nom[:2] != "--" or nom in variables]
        contenu = ";".join(f"{nom}:{valeur}" for nom, valeur in gardees)
        contenu += "".join(regle.en_texte(variables) for regle in self.regles)
        return f"{self.entete}{{{contenu}}}" if contenu else ""


class Command(BaseCommand):
    requires_system_checks = []  # they ask for a database, and this does not
    help = "Écrit static/css/dsfr*.css : ce que nos pages emploient des feuilles de style du DSFR."

    def handle(self, *args: Any, **options: Any) -> None:
        for nom, texte in feuilles().items():
            (STYLES / nom).write_text(texte, encoding="utf-8")
            self.stdout.write(f"{nom} : {len(texte.encode())} octets.")
        self.stdout.write(f"Les fichiers du DSFR : {sum(len(lire(fichier).encode()) for fichier in FICHIERS)} octets.")


def feuilles() -> dict[str, str]:
    """Return the text of each sheet: that of every page; the State's mark and its fonts, where they are allowed."""
    mots = mots_employes()
    communes, logo = ([r for f in fichiers for r in regles_utiles(f, mots)] for fichiers in (FICHIERS, [LOGO]))
    variables, polices = variables_nommees([*communes, *logo]), polices_nommees(communes)
    marque = [r for r in communes if r.entete == "@font-face" and dict(r.declarations)["font-family"] in polices]
    licence = lire(FICHIERS[0]).split("*/")[0].strip()
    entete = (
        f"{licence}\n * What our pages use of django-dsfr {version('django-dsfr')}: see `manage.py feuille_dsfr`.\n */"
    )
    return {
        nom: "\n".join([entete, *filter(None, (regle.en_texte(variables) for regle in regles))]) + "\n"
        for nom, regles in {
            FEUILLE: [regle for regle in communes if regle.entete != "@font-face"],
            MARQUE: [*marque, *logo],
        }.items()
    }


def lire(fichier: str) -> str:
    chemin = finders.find(f"{DIST}/{fichier}")
    if chemin is None:
        raise CommandError(f"django-dsfr n'a plus de fichier {fichier}.")
    return Path(chemin).read_text(encoding="utf-8")


def mots_employes() -> set[str]:
    """Return what our pages may name: classes, beginnings of classes, attributes with and without their value."""
    fichiers = [f for dossier in NOTRES for f in (RACINE / dossier).rglob("*") if f.suffix in {".html", ".py", ".js"}]
    mots = {mot.replace('"', "") for f in fichiers for mot in MOT.findall(f.read_text(encoding="utf-8"))}
    return mots | {mot.split("=")[0] for mot in mots}


def regles_utiles(fichier: str, mots: set[str]) -> Iterator[Regle]:
    """Read a style sheet of the DSFR, without the rules that nothing of ours can match."""
    yield from _regles(tinycss2.parse_stylesheet(lire(fichier), True, True), dirname(fichier), mots)


def _regles(noeuds: list[Any], dossier: str, mots: set[str]) -> Iterator[Regle]:
    for noeud in noeuds:
        if noeud.type == "at-rule" and noeud.at_keyword != "font-face":
            contenu = tinycss2.parse_rule_list(noeud.content, True, True)
            condition = tinycss2.serialize(noeud.prelude).strip()
            yield Regle(f"@{noeud.at_keyword} {condition}", regles=list(_regles(contenu, dossier, mots)))
        elif noeud.type == "at-rule":
            yield Regle("@font-face", _declarations(noeud.content, dossier))
        elif selecteurs := _selecteurs(noeud.prelude, mots):
            yield Regle(selecteurs, _declarations(noeud.content, dossier))


def _declarations(contenu: list[Any], dossier: str) -> list[tuple[str, str]]:
    def adresse(trouve: re.Match[str]) -> str:
        return f"url(../{DIST}/{normpath(join(dossier, trouve[1]))})"

    lues = []
    for noeud in tinycss2.parse_blocks_contents(contenu, True, True):
        valeur = re.sub(r'url\("?(\.\./[^")]+)"?\)', adresse, tinycss2.serialize(noeud.value).strip())
        lues.append((noeud.name, f"{valeur}!important" if noeud.important else valeur))
    return lues


def _selecteurs(prelude: list[Any], mots: set[str]) -> str:
    """Return the selectors that something of ours may match.

    A list with a browser's own pseudo-element stays whole: the browsers that do not know it ignore the rule.
    """
    tous = _separer(prelude)
    utiles = [selecteur for selecteur in tous if _possible(selecteur, mots)]
    textes = [tinycss2.serialize(selecteur).strip() for selecteur in (tous if utiles else [])]
    if not any(":-" in texte for texte in textes):
        textes = [tinycss2.serialize(selecteur).strip() for selecteur in utiles]
    return ",".join(textes)


def _separer(jetons: list[Any]) -> list[list[Any]]:
    parties: list[list[Any]] = [[]]
    for jeton in jetons:
        if jeton == ",":
            parties.append([])
        else:
            parties[-1].append(jeton)
    return parties


def _possible(selecteur: list[Any], mots: set[str]) -> bool:
    """Say whether what a selector asks for is among our words; what `:not()` excludes is not asked for."""
    for precedent, jeton in zip([None, *selecteur], selecteur, strict=False):
        if precedent == "." and not _classe_connue(jeton.value, mots):
            return False
        if jeton.type == "[] block" and not _attribut_connu(tinycss2.serialize(jeton.content), mots):
            return False
    return True


def _classe_connue(classe: str, mots: set[str]) -> bool:
    return classe in mots or any(mot.endswith("-") and classe.startswith(mot) for mot in mots)


def _attribut_connu(attribut: str, mots: set[str]) -> bool:
    nom, signe, valeur = re.match(r"([\w-]+)([*^$~|]?=)?(.*)", attribut).groups()  # type: ignore[union-attr]
    valeur = valeur.strip("\"' ")
    if nom == "class":  # how a class begins
        return any(mot.startswith(valeur) for mot in mots)
    return not nom.startswith("data-fr-") or (f"{nom}={valeur}" if signe else nom) in mots


def variables_nommees(regles: list[Regle]) -> set[str]:
    """Return the variables that a value asks for, ours included, and those that these ask for."""
    declarations = [paire for regle in regles for une in regle.toutes() for paire in une.declarations]
    notres = [f.read_text(encoding="utf-8") for f in STYLES.glob("*.css") if f.name not in {FEUILLE, MARQUE}]
    textes = [*notres, *(valeur for nom, valeur in declarations if not nom.startswith("--"))]
    nommees: set[str] = set()
    while nouvelles := {nom for texte in textes for nom in re.findall(r"var\(\s*(--[\w-]+)", texte)} - nommees:
        nommees |= nouvelles
        textes = [valeur for nom, valeur in declarations if nom in nouvelles]
    return nommees


def polices_nommees(regles: list[Regle]) -> set[str]:
    """Return the families of fonts that a rule asks for."""
    return {
        police.strip()
        for regle in regles
        for une in regle.toutes()
        for nom, valeur in une.declarations
        if nom == "font-family" and une.entete != "@font-face"
        for police in valeur.split(",")
    }
