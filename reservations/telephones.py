"""Reading a telephone number as people type it, in mainland France or overseas. Pure."""

import re

import phonenumbers
from phonenumber_field.phonenumber import PhoneNumber

# Overseas numbers written with a leading 0 exist in one plan only: they are tried after the mainland's.
TERRITOIRES = ("FR", "RE", "GP", "MQ", "GF", "YT")
# The plans without a leading 0 (Saint-Pierre-et-Miquelon, Wallis, Tahiti, Nouméa) are tried where they are used.
TERRITOIRES_SANS_ZERO = {"975": "PM", "986": "WF", "987": "PF", "988": "NC"}
# Country codes of France and its territories: a code is never sent elsewhere, where an SMS may cost a lot.
INDICATIFS_FRANCAIS = frozenset({33, 262, 508, 590, 594, 596, 681, 687, 689})


def lire_telephone(saisie: str, *, departement: str = "") -> PhoneNumber | None:
    """Return the number typed ("06 12 34 56 78", "0692 12 34 56", "+33 6…"), or None when it is not one."""
    local = TERRITOIRES_SANS_ZERO.get(departement)
    for territoire in ((local,) if local else ()) + TERRITOIRES:
        try:
            numero = PhoneNumber.from_string(saisie, region=territoire)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(numero):
            return numero
    return None


def est_francais(numero: PhoneNumber) -> bool:
    """Whether the number is one of France or of its territories."""
    return numero.country_code in INDICATIFS_FRANCAIS


def debuts_de_numero(saisie: str) -> list[str]:
    """Return how the numbers (E.164) that begin as typed begin: "06 12", "0612", "+33 6 12", "0033612", "6 12".

    Empty when what is typed is not the beginning of a number. A leading 0 may be that of any French territory.
    """
    chiffres = re.sub(r"\(0\)|[\s.\-/]", "", saisie)
    if not re.fullmatch(r"\+?[0-9]{2,15}", chiffres):
        return []
    if chiffres.startswith("+"):
        return [chiffres]
    if chiffres.startswith("00"):
        return [f"+{chiffres[2:]}"]
    national = [f"+{indicatif}{chiffres.removeprefix('0')}" for indicatif in sorted(INDICATIFS_FRANCAIS)]
    return national if chiffres.startswith("0") else [*national, f"+{chiffres}"]
