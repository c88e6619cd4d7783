"""What the tests of the learner's path share: a structure with one motif, one agent and open hours, and a visitor."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from lxml import html

from motifs.models import Motif, TypeLieu
from plages.models import PlageOuverture
from plages.services import enregistrer_plage
from reservations.models import Demarche, Message, RendezVous
from structures.models import Agent, Lieu, Structure
from tests.factories import AgentFactory, AppartenanceFactory, LieuFactory, MotifFactory, StructureFactory

# Monday 23 November 2026, 8 h in Paris.
LUNDI_8H = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
MARDI_9H = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MARDI_10H = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Monde:
    """A structure that can be booked: one motif of an hour, every working day from 9 h to 12 h."""

    structure: Structure
    motif: Motif
    lieu: Lieu
    agent: Agent


def un_monde(
    *, structure: dict[str, Any] | None = None, maintenant: datetime = LUNDI_8H, ouvrir: bool = True, **motif: Any
) -> Monde:
    organisme = StructureFactory(**{"nom": "Médiathèque de Crest", **(structure or {})})
    raison = MotifFactory(structure=organisme, ouvert=True, **{"nom": "Accompagnement individuel", **motif})
    lieu = LieuFactory(structure=organisme, nom="Salle numérique")
    monde = Monde(organisme, raison, lieu, un_agent(organisme))
    if ouvrir:
        une_plage(monde, maintenant=maintenant)
    return monde


def un_agent(structure: Structure, **champs: Any) -> Agent:
    agent = AgentFactory(**champs)
    AppartenanceFactory(agent=agent, structure=structure)
    return agent


def une_plage(
    monde: Monde,
    *,
    maintenant: datetime = LUNDI_8H,
    motifs: list[Motif] | None = None,
    agent: Agent | None = None,
    lieu: Lieu | None = None,
    premier_jour: date | None = None,
    de: int = 9,
    a: int = 12,
    **champs: Any,
) -> PlageOuverture:
    """Open hours on working days, every week of four months unless told otherwise.

    Four months: beyond the longest delay of these motifs. A plage without end is three hundred rows.
    """
    premier_jour = premier_jour or maintenant.date() - timedelta(days=maintenant.weekday())
    if "frequence" not in champs:
        champs.setdefault("jusqu_au", premier_jour + timedelta(days=120))
    plage = PlageOuverture(
        structure=monde.structure,
        agent=agent or monde.agent,
        lieu=lieu or monde.lieu,
        titre="Permanence",
        premier_jour=premier_jour,
        heure_debut=time(de),
        heure_fin=time(a),
        **{"frequence": "semaine", "jours": [1, 2, 3, 4, 5], **champs},
    )
    enregistrer_plage(plage=plage, motifs=motifs or [monde.motif], maintenant=maintenant)
    return plage


def page_des_creneaux(monde: Monde, **parametres: str) -> str:
    adresse = reverse("reservations:choix_creneau", args=[monde.structure.lien, monde.motif.pk])
    return f"{adresse}?{'&'.join(f'{c}={v}' for c, v in parametres.items())}" if parametres else adresse


def etape(nom: str, demarche: Demarche) -> str:
    return reverse(f"reservations:{nom}", args=[demarche.jeton])


def choisir(client: Client, monde: Monde, debut: datetime = MARDI_9H, **parametres: str) -> HttpResponse:
    """Press the button of a slot."""
    return client.post(page_des_creneaux(monde, **parametres), {"debut": debut.isoformat(timespec="seconds")})


def demarche_de(client: Client, monde: Monde, debut: datetime = MARDI_9H) -> Demarche:
    """Choose a slot and return the booking in progress."""
    reponse = choisir(client, monde, debut)
    assert reponse.status_code == 302, texte(reponse)
    return Demarche.objects.get(jeton=reponse["Location"].split("/")[2])


IDENTITE = {"prenom": "Jeanne", "nom": "Martin", "courriel": "jeanne@exemple.fr", "telephone": ""}


def donner_coordonnees(client: Client, demarche: Demarche, **champs: str) -> HttpResponse:
    return client.post(etape("coordonnees", demarche), {**IDENTITE, **champs})


def code_recu() -> str:
    """Read the code as the person does: in the last message."""
    trouve = re.search(r"\b\d{6}\b", Message.objects.filter(confidentiel=True).latest("pk").texte)
    assert trouve is not None
    return trouve.group()


def autre_code(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def confirmer(client: Client, demarche: Demarche) -> HttpResponse:
    """Type the code received and confirm."""
    return client.post(etape("code", demarche), {"code": code_recu()})


def reserver(client: Client, monde: Monde, debut: datetime = MARDI_9H, **champs: str) -> RendezVous:
    """The whole path, from the slot to the rendez-vous."""
    demarche = demarche_de(client, monde, debut)
    if monde.motif.instructions_a_accepter:
        accepter(client, demarche)
    donner_coordonnees(client, demarche, **champs)
    confirmer(client, demarche)
    demarche.refresh_from_db()
    assert demarche.confirmee_le is not None
    assert demarche.rendez_vous is not None
    return demarche.rendez_vous


def accepter(client: Client, demarche: Demarche, **champs: str) -> HttpResponse:
    return client.post(
        etape("instructions", demarche),
        {"texte": demarche.motif.instructions_a_accepter, "accepte": "on", **champs},
    )


def arbre(reponse: HttpResponse) -> html.HtmlElement:
    return html.document_fromstring(reponse.content.decode())


def texte(reponse: HttpResponse) -> str:
    """What is read on a page, spaces folded."""
    return " ".join(arbre(reponse).xpath("//main")[0].text_content().split())


def titre(reponse: HttpResponse) -> str:
    return " ".join((arbre(reponse).findtext(".//title") or "").split())


def boutons_de_creneau(reponse: HttpResponse) -> list[str]:
    """The accessible names of the slots offered, in the order of the page."""
    return [" ".join(b.text_content().split()) for b in arbre(reponse).xpath("//button[@name='debut']")]


def creneaux_de_la_semaine(reponse: HttpResponse) -> list[str]:
    boutons = arbre(reponse).xpath("//section[@aria-labelledby='titre-semaine']//button[@name='debut']")
    return [" ".join(b.text_content().split()) for b in boutons]


def prendre_ailleurs(monde: Monde, debut: datetime, agent: Agent | None = None) -> RendezVous:
    """Somebody else takes that time of the agent."""
    return RendezVous.objects.create(
        structure=monde.structure,
        motif=monde.motif,
        agent=agent or monde.agent,
        lieu=monde.lieu if monde.motif.sur_place else None,
        type_lieu=TypeLieu(monde.motif.type_lieu),
        debut=debut,
        fin=debut + monde.motif.delta,
    )
