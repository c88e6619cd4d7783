"""The race that `manage.py course` runs over HTTP: many visitors, one agent, one moment."""

import http.client
import itertools
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as dt_time
from importlib import import_module
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils import timezone

from motifs.models import Motif
from plages.models import PlageOuverture
from plages.services import enregistrer_plage
from reservations.creneaux import creneaux_libres, demande_du_public
from reservations.identification import hacher
from reservations.models import STATUTS_OCCUPANTS, Apprenant, Demarche, Message, RendezVous
from reservations.visiteurs import CLE_DE_SESSION
from structures.models import Agent, Appartenance, Lieu, Structure

REFUS_POLI = re.compile(r"vient d(?:&#x27;|['’])être pris")
CHAMP_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Bilan:
    """What the rounds gave: counts of answers, and a sentence for each thing that should not have happened."""

    reponses: Counter[str] = field(default_factory=Counter)
    fautes: list[str] = field(default_factory=list)
    tours: int = 0
    secondes: float = 0.0


@dataclass(frozen=True)
class Reponse:
    """An HTTP answer, as one of the visitors got it."""

    etat: int
    adresse: str
    texte: str

    def verdict(self) -> str:
        """ "réussite", "refus poli", or what went wrong."""
        if self.etat == 302 and ("/reservation/" in self.adresse or "/rendez-vous/" in self.adresse):
            return "réussite"
        if self.etat == 200 and REFUS_POLI.search(self.texte):
            return "refus poli"
        return f"réponse inattendue ({self.etat} {self.adresse})"


Geste = Callable[[], Reponse]


class Visiteur:
    """A browser of one visitor: a session written beforehand, and the form's protection read from the page."""

    def __init__(self, base: str) -> None:
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[CLE_DE_SESSION] = secrets.token_urlsafe(24)
        session.set_expiry(3600)
        session.create()
        self.cle = hacher(session[CLE_DE_SESSION], usage="visiteur")
        self.hote = urlsplit(base).netloc
        self.cookies = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
        self.csrf = ""

    def demander(self, methode: str, chemin: str, corps: str | None = None) -> Reponse:
        connexion = http.client.HTTPConnection(self.hote, timeout=60)
        entetes = {"Cookie": self.cookies}
        if corps is not None:
            entetes["Content-Type"] = "application/x-www-form-urlencoded"
        connexion.request(methode, chemin, corps, entetes)
        brute = connexion.getresponse()
        texte = brute.read().decode()
        for cookie in brute.headers.get_all("Set-Cookie") or ():
            if cookie.startswith(settings.CSRF_COOKIE_NAME):
                self.cookies += f"; {cookie.split(';')[0]}"
        connexion.close()
        return Reponse(brute.status, brute.headers.get("Location", ""), texte)

    def ouvrir(self, chemin: str) -> None:
        page = self.demander("GET", chemin)
        trouve = CHAMP_CSRF.search(page.texte)
        if page.etat != 200 or trouve is None:
            raise RuntimeError(f"{chemin} : réponse {page.etat}, sans formulaire")
        self.csrf = trouve.group(1)

    def envoyer(self, chemin: str, champs: dict[str, str]) -> Reponse:
        return self.demander("POST", chemin, urlencode({"csrfmiddlewaretoken": self.csrf} | champs))


class Terrain:
    """A structure of its own, with one agent and two motifs of different durations; deleted at the end."""

    def __init__(self) -> None:
        maintenant = timezone.now()
        self.structure = Structure.objects.create(nom="Course (structure d'essai)")
        self.agent = Agent.objects.create(
            courriel=f"course-{self.structure.pk}@exemple.invalid", prenom="Course", nom="Essai"
        )
        Appartenance.objects.create(agent=self.agent, structure=self.structure)
        self.lieu = Lieu.objects.create(structure=self.structure, nom="Course", code_postal="26400", commune="Crest")
        self.motifs = [
            Motif.objects.create(structure=self.structure, nom=f"{duree} min", duree=duree, reservable_en_ligne=True)
            for duree in (60, 45)
        ]
        jour_meme = timezone.localdate(maintenant, self.structure.tz)
        enregistrer_plage(
            plage=PlageOuverture(
                structure=self.structure,
                agent=self.agent,
                lieu=self.lieu,
                titre="course",
                premier_jour=jour_meme,
                heure_debut=dt_time(6),
                heure_fin=dt_time(22),
                frequence="jour",
            ),
            motifs=self.motifs,
            maintenant=maintenant,
        )
        # The first hour of each full day: the one that both motifs have on their grid.
        libres = creneaux_libres([demande_du_public(self.motifs[0], maintenant=maintenant)], maintenant=maintenant)
        premiers = {c.debut.astimezone(self.structure.tz).date(): c.debut for c in reversed(libres)}
        self.debuts = [debut for jour, debut in sorted(premiers.items()) if jour > jour_meme]

    def nettoyer(self) -> None:
        """Delete everything that the race wrote."""
        self.liberer()
        self.agent.delete()  # and the plage, which protects the lieu
        self.structure.delete()

    def liberer(self) -> None:
        Message.objects.filter(rendez_vous__structure=self.structure).delete()
        Demarche.objects.filter(motif__in=self.motifs).delete()
        RendezVous.objects.filter(structure=self.structure).delete()
        Apprenant.objects.filter(structure=self.structure).delete()


def courir(*, base: str, tours: int, visiteurs: int, suivre: Callable[[], object]) -> Bilan:
    """Run `tours` rounds of each kind (step × slots) of `visiteurs` simultaneous bookings against a running server.

    base: the server's address. suivre: called after each round. Whatever the race wrote is deleted, always.
    """
    bilan = Bilan()
    terrain = Terrain()
    depart = time.monotonic()
    try:
        for tour, preparer, nombre_de_motifs in itertools.product(
            range(tours), (preparer_option, preparer_confirmation), (1, 2)
        ):
            terrain.liberer()
            debut = terrain.debuts[tour % len(terrain.debuts)]
            gestes = [
                preparer(terrain, Visiteur(base), terrain.motifs[n % nombre_de_motifs], debut) for n in range(visiteurs)
            ]
            verdicts = Counter(reponse.verdict() for reponse in en_meme_temps(gestes))
            vivants = RendezVous.objects.filter(agent=terrain.agent, statut__in=STATUTS_OCCUPANTS).count()
            bilan.reponses += verdicts
            bilan.tours += 1
            if verdicts != Counter({"réussite": 1, "refus poli": visiteurs - 1}) or vivants != 1:
                bilan.fautes.append(
                    f"tour {tour + 1}, {preparer.__name__}, {nombre_de_motifs} motif(s) : "
                    f"{dict(verdicts)}, {vivants} rendez-vous"
                )
            suivre()
    finally:
        terrain.nettoyer()
    bilan.secondes = time.monotonic() - depart
    return bilan


def preparer_option(terrain: Terrain, visiteur: Visiteur, motif: Motif, debut: datetime) -> Geste:
    """Open the slots page; the gesture is to choose the slot."""
    page = f"/r/{terrain.structure.lien}/motif/{motif.pk}/creneaux/?lieu={terrain.lieu.pk}"
    visiteur.ouvrir(page)
    return lambda: visiteur.envoyer(page, {"debut": debut.isoformat()})


def preparer_confirmation(terrain: Terrain, visiteur: Visiteur, motif: Motif, debut: datetime) -> Geste:
    """Bring a booking whose option has expired to its last page; the gesture is to confirm."""
    courriel = f"{visiteur.cle[:12]}@exemple.invalid"
    demarche = Demarche.objects.create(
        visiteur=visiteur.cle,
        adresse=visiteur.cle,
        motif=motif,
        lieu=terrain.lieu,
        debut=debut,
        prenom="Course",
        nom="Essai",
        courriel=courriel,
        contact_verifie=courriel,
    )
    page = f"/reservation/{demarche.jeton}/code/"
    visiteur.ouvrir(page)
    return lambda: visiteur.envoyer(page, {})


def en_meme_temps(gestes: Sequence[Geste]) -> list[Reponse]:
    """Make the gestures at once, each in its own thread."""
    depart = threading.Barrier(len(gestes))

    def faire(geste: Geste) -> Reponse:
        depart.wait()
        return geste()

    with ThreadPoolExecutor(len(gestes)) as equipe:
        return list(equipe.map(faire, gestes))
