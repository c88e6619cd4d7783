"""What the tests of the agents' pages share: a structure with an admin, an ordinary agent, a lieu and a motif."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import html

from motifs.models import Motif
from plages.models import Absence, JourParticulier, PlageOuverture
from plages.services import enregistrer_absence, enregistrer_plage
from reservations.models import Apprenant, Participation, RendezVous
from structures.models import Agent, Lieu, Structure
from tests.factories import AgentFactory, AppartenanceFactory, LieuFactory, MotifFactory, StructureFactory


@dataclass
class Equipe:
    structure: Structure
    admin: Agent
    basique: Agent
    lieu: Lieu
    motif: Motif

    def adresse(self, nom: str, *args: Any) -> str:
        return reverse(nom, args=[self.structure.pk, *args])


def une_equipe(**structure: Any) -> Equipe:
    organisme = StructureFactory(**{"nom": "Médiathèque de Crest", **structure})
    admin, basique = AgentFactory(prenom="Ada", nom="Admin"), AgentFactory(prenom="Basile", nom="Basique")
    AppartenanceFactory(agent=admin, structure=organisme)
    AppartenanceFactory(agent=basique, structure=organisme, basique=True)
    # Tomorrow, on which most of these tests open hours, is worked there even on the eve of a public holiday.
    JourParticulier.objects.create(structure=organisme, jour=demain(), ferme=False)
    lieu = LieuFactory(structure=organisme, nom="Salle numérique")
    return Equipe(organisme, admin, basique, lieu, MotifFactory(structure=organisme, nom="Accompagnement individuel"))


def connecte(agent: Agent) -> Client:
    """Return the client of a signed-in agent. Its session is written as it is after a sign-in, in a sixth of the time
    that one takes: most tests of the agents begin so (the sign-in has its own, in tests/structures/test_connexion.py).
    """
    session = SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def demain() -> date:
    return timezone.localdate() + timedelta(days=1)


def une_plage(equipe: Equipe, *, motifs: list[Motif] | None = None, **champs: Any) -> PlageOuverture:
    """Open 9 h–12 h every day for two months from tomorrow on, for the admin, unless told otherwise.

    Two months: a plage without end is four hundred rows, in most tests for nothing.
    """
    if "frequence" not in champs:
        champs.setdefault("jusqu_au", demain() + timedelta(days=60))
    plage = PlageOuverture(
        **{
            "structure": equipe.structure,
            "agent": equipe.admin,
            "lieu": equipe.lieu,
            "titre": "Permanence",
            "premier_jour": demain(),
            "heure_debut": time(9),
            "heure_fin": time(12),
            "frequence": "jour",
            **champs,
        }
    )
    enregistrer_plage(plage=plage, motifs=motifs or [equipe.motif], maintenant=timezone.now())
    return plage


def une_absence(equipe: Equipe, **champs: Any) -> Absence:
    """Enter an absence of the admin tomorrow, from 9 h to 18 h, unless told otherwise."""
    premier_jour = champs.get("premier_jour", demain())
    absence = Absence(
        **{
            "structure": equipe.structure,
            "agent": equipe.admin,
            "titre": "Formation",
            "premier_jour": premier_jour,
            "dernier_jour": premier_jour,
            "heure_debut": time(9),
            "heure_fin": time(18),
            **champs,
        }
    )
    enregistrer_absence(absence=absence, maintenant=timezone.now())
    return absence


def un_rendez_vous(
    equipe: Equipe, *, jours: int = 1, heure: int = 9, apprenant: dict[str, Any] | None = None, **champs: Any
) -> RendezVous:
    """Take one hour `jours` days from today, at `heure` UTC, for a learner of the structure."""
    debut = datetime.combine(timezone.localdate() + timedelta(days=jours), time(heure), tzinfo=UTC)
    motif = champs.pop("motif", equipe.motif)
    rdv = RendezVous.objects.create(
        **{
            "structure": equipe.structure,
            "motif": motif,
            "agent": equipe.admin,
            "lieu": equipe.lieu if motif.sur_place else None,
            "type_lieu": motif.type_lieu,
            "debut": debut,
            "fin": debut + timedelta(hours=1),
            **champs,
        }
    )
    personne = Apprenant.objects.create(
        structure=equipe.structure,
        **{"prenom": "Jeanne", "nom": "Martin", "courriel": "jeanne@exemple.fr", **(apprenant or {})},
    )
    Participation.objects.create(rendez_vous=rdv, apprenant=personne)
    return rdv


def texte(reponse: HttpResponse) -> str:
    """Return what a person reads in the main part of a page, or in a fragment."""
    arbre = html.fromstring(reponse.content.decode())
    principal = arbre.xpath("//main") or [arbre]
    return " ".join(principal[0].text_content().split())


def erreurs(reponse: HttpResponse) -> dict[str, list[str]]:
    return {champ: list(liste) for champ, liste in reponse.context["form"].errors.items()}


def messages_de(reponse: HttpResponse) -> list[str]:
    return [" ".join(str(message).split()) for message in reponse.context["messages"]]
