"""Read a CSV file as people deliver it, one numbered row at a time (pure, no Django).

A spreadsheet saves a CSV with or without a BOM, with commas, semicolons or tabs, in UTF-8 or in Windows-1252: all are
read. What cannot be read at all is one French sentence; what is wrong in one row stays with that row.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import _csv

LIGNES_AFFICHEES = 50  # of each list of a report, unless --details
SEPARATEURS = {",": "virgule", ";": "point-virgule", "\t": "tabulation"}


class FichierIllisible(Exception):
    """The whole file cannot be used; its text is the sentence to show."""


@dataclass(frozen=True, kw_only=True)
class Anomalie:
    """What is wrong in a row, and where. `raison` holds no value, so that anomalies can be counted by reason."""

    ligne: int
    colonne: str
    raison: str
    valeur: str = ""
    fichier: str = ""

    def __str__(self) -> str:
        ou = f"ligne {self.ligne}"
        if self.fichier:
            ou = f"{self.fichier}, {ou}"
        if self.colonne:
            ou = f"{ou}, colonne « {self.colonne} »"
        lu = f" (lu : « {self.valeur[:60]}{'…' if len(self.valeur) > 60 else ''} »)" if self.valeur else ""
        return f"{ou} : {self.raison}{lu}"


@dataclass(frozen=True, kw_only=True)
class Ligne:
    """A row: its number as an editor shows it (the first line of the file is 1), and its values without outer blanks.

    `erreur` says why the row could not be cut into columns; `valeurs` is then empty.
    """

    numero: int
    valeurs: dict[str, str]
    erreur: str = ""


@dataclass(frozen=True, kw_only=True)
class Tableau:
    """A CSV file, read."""

    colonnes: tuple[str, ...]
    lignes: list[Ligne]
    avertissements: list[Anomalie] = field(default_factory=list)


def lire_fichier(chemin: Path, *, obligatoires: Collection[str], connues: Collection[str]) -> Tableau:
    """Read the CSV file of that path, as `lire_csv`; what it refuses begins with the name of the file."""
    try:
        return lire_csv(chemin.read_bytes(), obligatoires=obligatoires, connues=connues)
    except OSError as erreur:
        raise FichierIllisible(f"Le fichier {chemin} ne peut pas être lu : {erreur.strerror}.") from erreur
    except FichierIllisible as erreur:
        raise FichierIllisible(f"{chemin.name} : {erreur}") from erreur


def lister(titre: str, anomalies: list[Anomalie], limite: int | None) -> Iterator[str]:
    """Yield the lines of a report: the anomalies counted by reason, then one line each, as many as fit on a screen."""
    if not anomalies:
        return
    yield f"{titre} : {len(anomalies)}"
    for (colonne, raison), nombre in Counter((a.colonne, a.raison) for a in anomalies).most_common():
        yield f"  {nombre} × {f'{colonne} : ' if colonne else ''}{raison}"
    for anomalie in anomalies[:limite]:
        yield f"    {anomalie}"
    if limite is not None and len(anomalies) > limite:
        yield f"    … et {len(anomalies) - limite} de plus (--details les affiche toutes)"


def lire_csv(contenu: bytes, *, obligatoires: Collection[str], connues: Collection[str]) -> Tableau:
    """Read a CSV file. Columns that are not `connues` are left aside with a warning.

    Raise FichierIllisible when it is not a CSV file, or when one of the columns `obligatoires` is missing.
    """
    avertissements = []
    texte = _decoder(contenu)
    if texte is None:
        texte = contenu.decode("cp1252", errors="replace")
        avertissements.append(
            Anomalie(ligne=1, colonne="", raison="le fichier n'est pas en UTF-8 ; il a été lu en Windows-1252")
        )
    separateur = _separateur(texte.partition("\n")[0])
    lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=separateur, strict=True)
    try:
        entete = [nom.strip() for nom in next(lecteur)]
    except csv.Error as erreur:
        raise FichierIllisible("La première ligne n'est pas un en-tête CSV : un guillemet y est mal fermé.") from erreur
    _verifier_entete(entete, obligatoires)
    avertissements += [
        Anomalie(ligne=1, colonne=nom, raison="cette colonne n'est pas attendue, elle est laissée de côté")
        for nom in entete
        if nom and nom not in connues
    ]
    return Tableau(colonnes=tuple(entete), lignes=_lignes(lecteur, entete), avertissements=avertissements)


def _decoder(contenu: bytes) -> str | None:
    """Return the text of a UTF-8 file, None when it is in another encoding; refuse what is no text at all."""
    if not contenu.strip():
        raise FichierIllisible("Ce fichier est vide.")
    if contenu.startswith(b"PK\x03\x04"):
        raise FichierIllisible("C'est un fichier de tableur (xlsx, ods) ou une archive : enregistrez-le au format CSV.")
    if b"\x00" in contenu:
        raise FichierIllisible("Ce n'est pas un fichier CSV : il contient des octets nuls.")
    try:
        return contenu.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _separateur(entete: str) -> str:
    """Return the separator most frequent in the header: column names hold none of them, values may."""
    separateur = max(SEPARATEURS, key=entete.count)
    if separateur not in entete:
        raise FichierIllisible(
            f"Ce n'est pas un fichier CSV : la première ligne ne contient aucun séparateur "
            f"({', '.join(SEPARATEURS.values())})."
        )
    return separateur


def _verifier_entete(entete: list[str], obligatoires: Collection[str]) -> None:
    if manquantes := [nom for nom in obligatoires if nom not in entete]:
        raise FichierIllisible(
            f"Il manque {'une colonne obligatoire' if len(manquantes) == 1 else 'des colonnes obligatoires'} : "
            f"{', '.join(manquantes)}."
        )
    if doublons := sorted({nom for nom in entete if nom and entete.count(nom) > 1}):
        raise FichierIllisible(f"Une colonne est présente deux fois : {', '.join(doublons)}.")


def _lignes(lecteur: "_csv.Reader", entete: list[str]) -> list[Ligne]:
    """Cut the rows. A value may span several lines: a row is known by its first one."""
    lignes: list[Ligne] = []
    while True:
        numero = lecteur.line_num + 1
        try:
            valeurs = next(lecteur)
        except StopIteration:
            return lignes
        except csv.Error as erreur:
            if "unexpected end" in str(erreur):
                raise FichierIllisible(
                    f"Un guillemet ouvert à la ligne {numero} n'est jamais fermé : la suite du fichier est illisible."
                ) from erreur
            lignes.append(Ligne(numero=numero, valeurs={}, erreur="guillemets mal placés, ou valeur trop longue"))
            continue
        if not any(valeur.strip() for valeur in valeurs):
            continue  # a blank line, or a line of separators, as spreadsheets leave at the end
        if len(valeurs) != len(entete):
            raison = f"{len(valeurs)} valeurs au lieu de {len(entete)}"
            lignes.append(Ligne(numero=numero, valeurs={}, erreur=raison))
            continue
        lignes.append(Ligne(numero=numero, valeurs=dict(zip(entete, (v.strip() for v in valeurs), strict=True))))
