"""A stand-in for Octopush, written from its documentation (`reservations/courrier/octopush.py`): it counts SMS."""

import contextlib
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMPTE, CLE = "compte@exemple.fr", "cle-d-essai"
Reponse = tuple[int, dict[str, Any]]


@dataclass
class Sms:
    ticket: str
    numero: str
    texte: str
    identifiant: str
    recu_a: float


@dataclass
class OctopushFactice:
    """What it received. `panne(n)` says what to answer to the n-th request instead of taking it (None: take it).

    `apres(n)`: it fails after the SMS was taken, as when the answer is lost. `cles`: whether request_id is looked at.
    `lenteur`: seconds before the answer.
    """

    panne: Callable[[int], Reponse | None] = lambda n: None
    apres: Callable[[int], bool] = lambda n: False
    cles: bool = True
    lenteur: float = 0
    adresse: str = ""
    appels: int = 0
    doublons: int = 0
    sms: list[Sms] = field(default_factory=list)
    corps: list[dict[str, Any]] = field(default_factory=list)
    _identifiants: set[str] = field(default_factory=set)
    _verrou: threading.Lock = field(default_factory=threading.Lock)

    def recevoir(self, compte: str | None, cle: str | None, corps: dict[str, Any]) -> Reponse:
        with self._verrou:
            self.appels += 1
            self.corps.append(corps)
            panne = self.panne(self.appels)
            if panne and not self.apres(self.appels):
                return panne
            reponse = self._prendre(compte, cle, corps)
            return panne or reponse

    def _prendre(self, compte: str | None, cle: str | None, corps: dict[str, Any]) -> Reponse:
        if (compte, cle) != (COMPTE, CLE):
            return 401, {"code": 101, "message": "Incorrect login details."}
        numero, identifiant = corps["recipients"][0]["phone_number"], corps.get("request_id", "")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", numero):
            return 400, {"code": 117, "message": "Your recipient list contains no correct numbers."}
        if not re.fullmatch(r"[A-Za-z0-9]{3,11}", corps["sender"]):
            return 400, {"code": 106, "message": "You have entered the Sender incorrectly."}
        if not 1 <= len(corps["text"]) <= 1224:
            return 400, {"code": 107, "message": "The text of your message is missing."}
        if self.cles and identifiant in self._identifiants:
            self.doublons += 1
            return 400, {"code": 120, "message": "A SMS with the same request_id has already been sent."}
        self._identifiants.add(identifiant)
        ticket = f"sms_{len(self.sms):013x}"
        self.sms.append(Sms(ticket, numero, corps["text"], identifiant, time.time()))
        return 201, {"sms_ticket": ticket, "number_of_contacts": 1, "total_cost": 0.05, "number_of_sms_needed": 1}


@contextmanager
def octopush_factice(port: int = 0, **champs: Any) -> Iterator[OctopushFactice]:
    """Run the stand-in on this machine; its address is `adresse`."""
    service = OctopushFactice(**champs)

    class Guichet(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            corps = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/v1/public/sms-campaign/send":
                code, reponse = 404, {"code": 0, "message": "Not found"}
            else:
                code, reponse = service.recevoir(self.headers["api-login"], self.headers["api-key"], corps)
            time.sleep(service.lenteur)
            contenu = json.dumps(reponse).encode()
            with contextlib.suppress(ConnectionError):  # whoever asked was killed
                self.send_response(code)
                self.send_header("Content-Length", str(len(contenu)))
                self.end_headers()
                self.wfile.write(contenu)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: thousands of requests come."""

    serveur = ThreadingHTTPServer(("127.0.0.1", port), Guichet)
    service.adresse = f"http://127.0.0.1:{serveur.server_port}"
    fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    fil.start()
    try:
        yield service
    finally:
        serveur.shutdown()
        serveur.server_close()


def une_fois_sur(nombre: int) -> Callable[[int], Reponse | None]:
    """Fail one request in `nombre`."""
    return lambda n: (503, {"message": "Service unavailable"}) if n % nombre == 0 else None


def repondre(*reponses: Reponse) -> Callable[[int], Reponse | None]:
    """Answer these first, then take what comes."""
    suite = itertools.chain(reponses, itertools.repeat(None))
    return lambda n: next(suite)
