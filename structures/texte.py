"""Text that leaves the site (calendars, subjects, SMS), pure."""

import unicodedata


def sans_controle(texte: str) -> str:
    """Return the text without control or invisible format characters; line feeds are kept, CR LF become LF."""
    texte = texte.replace("\r\n", "\n").replace("\r", "\n")
    for caractere in set(texte) - {"\n"}:
        if unicodedata.category(caractere) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            texte = texte.replace(caractere, "")
    return texte


def en_ligne(texte: str) -> str:
    """Return the text on one line: nobody can add a header or a property by typing a line feed in a name."""
    return " ".join(sans_controle(texte.replace("\t", " ").replace("\u2028", " ").replace("\u2029", " ")).split())


def de(nom: object) -> str:
    """Return "de Paul", "d'Odile"."""
    voyelle = unicodedata.normalize("NFD", str(nom).lower())[:1] in set("aeiouœæ")
    return f"d'{nom}" if voyelle else f"de {nom}"


def pour_tableur(texte: str) -> str:
    """Return the text as a spreadsheet shows it: one that begins like a formula is never computed."""
    texte = en_ligne(texte)
    return f"'{texte}" if texte.startswith(("=", "+", "-", "@")) else texte
