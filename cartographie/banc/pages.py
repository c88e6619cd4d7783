"""Case 4: public pages through the whole stack, over HTTP, beside an empty page of the same application.

In turns: so many requests of a page, as many of the empty one, each client on a connection of its own.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from statistics import median
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client, override_settings
from django.urls import reverse

from cartographie.banc.mesures import Epreuve, Geste, Mesure, p95, rapport, sur
from cartographie.banc.terrain import Terrain
from reservations.parcours import Lien
from reservations.serveur import Serveur, serveur
from reservations.visiteurs import CLE_DE_SESSION

CLIENTS = 16
TOURS, DEMANDES_PAR_CLIENT = 9, 3
REQUETES, PART, ETALEMENT = 8, 4, 4  # promised of the page of slots: at most
# For a whole run: each change of the addresses makes Django read them all again, which takes longer than a page.
avec_la_page_vide = override_settings(ROOT_URLCONF="cartographie.banc.urls", ALLOWED_HOSTS=["127.0.0.1"])


@dataclass(frozen=True)
class Page:
    nom: str
    chemin: str


@dataclass(frozen=True)
class Site:
    """The public pages of a terrain, and the session of a visitor who reads them."""

    base: BaseDatabaseWrapper
    vide: Page
    creneaux: Page
    autres: tuple[Page, ...]
    session: str

    @classmethod
    def de(cls, base: BaseDatabaseWrapper, terrain: Terrain) -> "Site":
        motif = terrain.ordinaire
        lien = Lien(motif.structure)
        with sur(base):
            session = import_module(settings.SESSION_ENGINE).SessionStore()
            session[CLE_DE_SESSION] = "banc"
            session.create()
            return cls(
                base,
                Page("page vide", reverse("page_vide", args=[lien])),
                Page("page des créneaux", reverse("reservations:choix_creneau", args=[lien, motif.pk])),
                (
                    Page("page des motifs", reverse("reservations:choix_motif", args=[lien])),
                    Page("carte, en liste", f"{reverse('cartographie:carte')}?{urlencode({'ou': '26400 Crest'})}"),
                ),
                session.session_key,
            )

    def ici(self, page: Page) -> Callable[[], object]:
        """Return what asks for the page in this process, through the whole of Django."""
        client = Client(SERVER_NAME="127.0.0.1")
        client.cookies[settings.SESSION_COOKIE_NAME] = self.session

        def demander() -> None:
            reponse = client.get(page.chemin)
            if reponse.status_code != 200:
                raise AssertionError(f"{page.chemin} : réponse {reponse.status_code}")

        return demander

    def requetes(self, page: Page) -> int:
        return Geste(self.base, self.ici(page)).requetes()


def epreuves_des_pages(site: Site) -> list[Epreuve]:
    """The pages in this process, one at a time: what `--rapide` measures."""
    vide = Geste(site.base, site.ici(site.vide))
    return [
        Epreuve(f"4. {page.nom}", Geste(site.base, site.ici(page)), vide, site.vide.nom, maximum)
        for page, maximum in [(site.creneaux, PART), *((autre, None) for autre in site.autres)]
    ]


class Navigateur:
    """One client: a connection kept open, and as little work as possible beside the server's."""

    def __init__(self, adresse: str, session: str) -> None:
        hote = urlsplit(adresse)
        self.prise = socket.create_connection((hote.hostname or "", hote.port or 80), timeout=60)
        self.prise.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
        self.entetes = f"Host: {hote.hostname}\r\nCookie: {cookie}\r\nAccept-Encoding: gzip\r\n\r\n"

    def demander(self, chemin: str) -> float:
        """Ask for a page and return how long it took, in milliseconds."""
        depart = time.perf_counter()
        self.prise.sendall(f"GET {chemin} HTTP/1.1\r\n{self.entetes}".encode())
        recu = b""
        while (fin := recu.find(b"\r\n\r\n")) < 0:
            recu += self._lire()
        entetes = recu[:fin].decode("latin-1").lower()
        reste = int(entetes.split("content-length:")[1].split("\r\n")[0]) - (len(recu) - fin - 4)
        while reste > 0:
            reste -= len(self._lire())
        if not entetes.startswith("http/1.1 200"):
            raise AssertionError(f"{chemin} : {entetes.splitlines()[0]}")
        return (time.perf_counter() - depart) * 1000

    def _lire(self) -> bytes:
        morceau = self.prise.recv(65536)
        if not morceau:
            raise ConnectionError("Le serveur a fermé la connexion.")
        return morceau

    def fermer(self) -> None:
        self.prise.close()


@contextmanager
def serveur_du_banc(base: BaseDatabaseWrapper, processus: int | None = None) -> Iterator[Serveur]:
    """Run gunicorn on a base as the Dockerfile does; one process a core unless WEB_CONCURRENCY says."""
    environnement = {
        "STATICFILES_MANIFESTES": "true",
        "SECONDES_AVANT_CONTACT": "0",
        "CODES_PAR_ADRESSE_ET_HEURE": "1000000",
    }
    if not (settings.BASE_DIR / "staticfiles" / "staticfiles.json").exists():
        commande = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(commande, cwd=settings.BASE_DIR, env=os.environ | environnement, check=True)  # noqa: S603
    nombre = processus or int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
    nom = str(base.settings_dict["NAME"])
    with serveur(
        nombre, nom_de_la_base=nom, application="cartographie.banc.wsgi:application", environnement=environnement
    ) as gunicorn:
        yield gunicorn


def mesurer_les_pages(site: Site, clients: int, suivre: Callable[[], object], tours: int = TOURS) -> list[Mesure]:
    """Ask for each page from so many clients at once, each time followed or preceded by the empty page."""
    pages = (site.creneaux, *site.autres)
    with serveur_du_banc(site.base) as gunicorn, ThreadPoolExecutor(clients) as equipe:

        def ensemble(page: Page) -> tuple[float, list[float]]:
            return _ensemble(equipe, [Navigateur(gunicorn.base, site.session) for _ in range(clients)], page)

        for page in (site.vide, *pages) * 2:  # each process of the server loads what it needs
            ensemble(page)
        resultats: list[tuple[list[tuple[float, list[float]]], list[tuple[float, list[float]]]]]
        resultats = [([], []) for _ in pages]
        for tour in range(tours):
            for page, (siens, vides) in zip(pages, resultats, strict=True):
                ordre = [(page, siens), (site.vide, vides)]
                for laquelle, liste in ordre if tour % 2 == 0 else reversed(ordre):
                    liste.append(ensemble(laquelle))
            suivre()
    return [_mesure(site, page, clients, *resultat) for page, resultat in zip(pages, resultats, strict=True)]


def _ensemble(equipe: ThreadPoolExecutor, navigateurs: Sequence[Navigateur], page: Page) -> tuple[float, list[float]]:
    """Return how many requests a second all the clients together had, and how long each took."""
    depart = threading.Barrier(len(navigateurs))

    def naviguer(navigateur: Navigateur) -> list[float]:
        depart.wait()
        temps = [navigateur.demander(page.chemin) for _ in range(DEMANDES_PAR_CLIENT)]
        navigateur.fermer()  # gunicorn closes what waits for its turn
        return temps

    debut = time.perf_counter()
    temps = [duree for durees in equipe.map(naviguer, navigateurs) for duree in durees]
    return len(temps) / (time.perf_counter() - debut), temps


def _mesure(
    site: Site,
    page: Page,
    clients: int,
    siens: list[tuple[float, list[float]]],
    vides: list[tuple[float, list[float]]],
) -> Mesure:
    temps = [duree for _, durees in siens for duree in durees]
    debits, limites = [debit for debit, _ in siens], [debit for debit, _ in vides]
    promis = page == site.creneaux
    return Mesure(
        nom=f"4. {page.nom}, {clients} client{'s' if clients > 1 else ''}",
        premier=temps[0],
        mediane=median(temps),
        p95=p95(temps),
        limite=median(duree for _, durees in vides for duree in durees),
        nom_limite=site.vide.nom,
        rapport=rapport([1 / debit for debit in debits], [1 / debit for debit in limites]),
        rapport_des_meilleurs=max(limites) / max(debits),
        maximum=PART if promis and clients > 1 else None,
        requetes=site.requetes(page),
        repetitions=len(temps),
        par_seconde=median(debits),
        limite_par_seconde=median(limites),
        etalement_maximum=ETALEMENT if promis else None,
        requetes_maximum=REQUETES if promis else None,
    )


def croissance_de_la_page(nom: str, grande: tuple[Site, str], petite: tuple[Site, str], vers: str) -> Epreuve:
    """Case 6: the page of slots of a large base against that of a small one, each from its server (its address)."""

    def geste(site: Site, adresse: str) -> Geste:
        chemin = site.creneaux.chemin

        def demander() -> None:
            navigateur = Navigateur(adresse, site.session)
            navigateur.demander(chemin)
            navigateur.fermer()

        return Geste(site.base, demander, site.ici(site.creneaux))

    return Epreuve(f"6. page des créneaux, {nom}", geste(*grande), geste(*petite), vers, 1.15)
