"""Whose connection it is, for the limits."""

import pytest
from django.test import RequestFactory

from structures.adresse import adresse_du_visiteur


@pytest.mark.parametrize(
    ("recue", "lue"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51423", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", "::"),
        ("", "::"),
    ],
)
def test_une_connexion_est_une_adresse_lisible(rf: RequestFactory, recue: str, lue: str) -> None:
    """A home has 2^64 IPv6 addresses: it is one connection all the same."""
    assert adresse_du_visiteur(rf.get("/", REMOTE_ADDR=recue)) == lue


@pytest.mark.parametrize(
    ("mandataires", "chaine", "lue"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9, 198.51.100.2", "198.51.100.2"),
        (2, "203.0.113.9, 198.51.100.2, 192.0.2.5", "198.51.100.2"),
        (2, "198.51.100.2", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_seuls_les_mandataires_de_confiance_sont_crus(
    rf: RequestFactory, settings, mandataires: int, chaine: str, lue: str
) -> None:
    settings.MANDATAIRES_DE_CONFIANCE = mandataires
    requete = rf.get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": chaine})
    assert adresse_du_visiteur(requete) == lue
