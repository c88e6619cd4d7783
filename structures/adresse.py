"""The visitor's network address, for whoever limits what one connection may do."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

PREFIXE_IPV6 = 64


def adresse_du_visiteur(request: HttpRequest) -> str:
    """Return the network address of the visitor.

    Only as many `X-Forwarded-For` entries as there are trusted proxies are believed, counted from the right.
    """
    if settings.MANDATAIRES_DE_CONFIANCE:
        chaine = [a.strip() for a in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if a.strip()]
        if len(chaine) >= settings.MANDATAIRES_DE_CONFIANCE:
            return une_connexion(chaine[-settings.MANDATAIRES_DE_CONFIANCE])
    return une_connexion(str(request.META.get("REMOTE_ADDR", "")))


def une_connexion(texte: str) -> str:
    """Return what stands for one connection, always an address (axes stores it as such).

    In IPv6 a home or a server receives 2^64 addresses: counted one by one, they would make every limit void. Some
    proxies add the port, which changes at each request. What cannot be read is one and the same unknown connection.
    """
    hote = texte.partition("]")[0].lstrip("[") if texte.startswith("[") else texte
    if hote.count(":") == 1:
        hote = hote.partition(":")[0]
    try:
        adresse = ip_address(hote.partition("%")[0])
    except ValueError:
        return "::"
    if isinstance(adresse, IPv6Address):
        if adresse.ipv4_mapped is not None:
            return str(adresse.ipv4_mapped)
        return str(IPv6Address(int(adresse) >> (128 - PREFIXE_IPV6) << (128 - PREFIXE_IPV6)))
    return str(adresse)
