"""`manage.py demo`: the address it takes, what it refuses, and the whole of it once, on a database of its own."""

import argparse
import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection
from lxml import html

from rdv.management.commands.demo import adresse_et_port, libre
from rdv.postgres_embarque import PROJET


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104
        ("localhost", ("localhost", 8000)),
        ("9000", ("127.0.0.1", 9000)),
        ("[::1]:8001", ("::1", 8001)),
    ],
)
def test_adresse(texte, attendu):
    assert adresse_et_port(texte) == attendu


@pytest.mark.parametrize("texte", ["", "::1", "a:b", "1.2.3.4:80:80"])
def test_adresse_illisible(texte):
    with pytest.raises(argparse.ArgumentTypeError, match="ADRESSE:PORT"):
        adresse_et_port(texte)


def test_port_pris():
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        prise.listen()
        assert not libre("127.0.0.1", prise.getsockname()[1])


def lancer(*arguments: str, **environnement: str) -> subprocess.Popen[str]:
    """Start the demo as a person does."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=PROJET,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environnement},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.lent
def test_refus_en_francais():
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        prise.listen()
        demo = lancer(f"127.0.0.1:{prise.getsockname()[1]}")
        assert "est déjà prise" in demo.communicate(timeout=60)[0]
        assert demo.returncode == 1
    demo = lancer("--reset")  # the tests' DATABASE_URL names a server: it is not ours to wipe
    assert "n'efface que la base embarquée" in demo.communicate(timeout=60)[0]
    assert demo.returncode == 1


@pytest.fixture
def base_vierge(db) -> Iterator[str]:
    """A database beside those of the tests, on the same server."""
    adresse = urlsplit(os.environ["DATABASE_URL"])
    nom = f"demo_{uuid.uuid4().hex[:12]}"
    with connection._nodb_cursor() as curseur:
        curseur.execute(f"CREATE DATABASE {nom}")
    yield adresse._replace(path=adresse.path.rpartition("/")[0] + f"/{nom}").geturl()
    with connection._nodb_cursor() as curseur:
        curseur.execute(f"DROP DATABASE {nom} WITH (FORCE)")


def poids(port: int, chemin: str) -> tuple[int, int]:
    """Return the bytes of a page and of what it loads, compressed as a browser asks; all of it from here."""

    def lire(chemin: str) -> tuple[int, str]:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        client.request("GET", chemin, headers={"Accept-Encoding": "gzip"})
        reponse = client.getresponse()
        corps = reponse.read()
        clair = gzip.decompress(corps) if reponse.headers["Content-Encoding"] == "gzip" else corps
        assert reponse.status == 200, chemin
        return len(corps), clair.decode()

    page, texte = lire(chemin)
    arbre = html.fromstring(texte)
    charges = arbre.xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src | //img/@src")
    assert len(charges) > 3
    assert [adresse for adresse in charges if not adresse.startswith("/static/")] == []
    return page, sum(lire(adresse)[0] for adresse in charges)


@pytest.mark.lent
def test_demo_de_bout_en_bout(base_vierge):
    """It prints its addresses, which answer; Ctrl-C stops everything; the second start finds the same data."""
    annonces = []
    for _ in range(2):
        with socket.socket() as prise:
            prise.bind(("127.0.0.1", 0))
            port = prise.getsockname()[1]
        demo = lancer(f"127.0.0.1:{port}", DATABASE_URL=base_vierge)
        assert demo.stdout
        lignes = []
        for ligne in demo.stdout:
            lignes.append(ligne)
            if "Ctrl-C" in ligne:
                break
        texte = "".join(lignes)
        adresses = re.findall(r"http://\S+", texte)
        assert len(adresses) == 4, texte
        for adresse in adresses:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            client.request("GET", urlsplit(adresse).path)
            assert client.getresponse().status == 200, adresse
        page, reste = poids(port, urlsplit(adresses[1]).path)
        assert page < 40_000
        assert page + reste < 60_000
        demo.send_signal(signal.SIGINT)
        assert "Arrêt" in demo.communicate(timeout=60)[0]
        assert demo.returncode == 0
        assert libre("127.0.0.1", port)
        annonces.append([urlsplit(adresse).path for adresse in adresses])
    assert annonces[0] == annonces[1]
