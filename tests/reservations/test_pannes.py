"""Failures: nothing is lost, nothing is sent twice, nothing is sent once it is no longer true. Small numbers; the big
ones are those of `tests/reservations/pannes.py`, in docs/messages.md."""

import re
import time
from collections.abc import Callable
from datetime import time as heure_du_jour
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from motifs.models import Motif
from plages.models import JourParticulier, PlageOuverture
from plages.services import enregistrer_plage
from rdv.postgres_embarque import PROJET
from reservations import attente, taches
from reservations.courrier import envoi, messagerie
from reservations.models import Etat, Message, Par, RendezVous, Statut
from structures.models import Agent, Structure
from tests.factories import AgentFactory, AppartenanceFactory, PrescripteurFactory
from tests.reservations import pannes
from tests.reservations.aides_messages import annuler, un_rendez_vous
from tests.reservations.octopush_factice import CLE, COMPTE, octopush_factice
from tests.reservations.test_taches import sans_boucle  # noqa: F401


@pytest.fixture
def file_vide(transactional_db):
    """These tests commit, and pytest-django does not empty the table of the jobs: the next tests would find them."""

    def vider() -> None:
        with connection.cursor() as curseur:
            curseur.execute("truncate procrastinate_jobs, procrastinate_workers cascade")

    vider()
    yield
    vider()


def travailler() -> None:
    with app.replace_connector(app.connector.get_worker_connector()) as travailleur:
        travailleur.run_worker(
            wait=False, listen_notify=False, install_signal_handlers=False, queues=["messages"], concurrency=4
        )


@pytest.mark.usefixtures("file_vide")
def test_a_provider_that_fails_and_workers_that_die_lose_and_double_nothing(settings, monkeypatch):
    settings.SMS_FOURNISSEUR = "octopush"
    settings.OCTOPUSH_COMPTE, settings.OCTOPUSH_CLE = COMPTE, CLE
    pannes.preparer(16)
    confirmes = list(RendezVous.objects.order_by("pk"))[::2]
    annules_a: dict[str, float] = {}
    for rdv in confirmes:
        messagerie.annoncer_confirmation(rendez_vous=rdv)
    for rdv in confirmes[:3]:
        messagerie.annoncer_annulation(rendez_vous=annuler(rdv, Statut.ANNULE))
        annules_a[rdv.participations.get().apprenant.telephone.as_e164] = time.time()
    taches.rappeler(timestamp=0)
    taches.rappeler(timestamp=0)
    vrai_envoi, morts = envoi.envoyer_sms, iter([False, True] * 5)

    def mourir_apres(**sms: str) -> str:
        reference = vrai_envoi(**sms)
        if next(morts, False):
            raise ConnectionError("killed between the provider's answer and the commit")
        return reference

    monkeypatch.setattr(envoi, "envoyer_sms", mourir_apres)
    with octopush_factice(panne=pannes.une_fois_sur_trois, apres=pannes.une_reponse_perdue_sur_deux) as service:
        settings.OCTOPUSH_URL = service.adresse
        for _ in range(envoi.ESSAIS):
            travailler()
            if not Message.objects.filter(etat=Etat.A_ENVOYER).exists():
                break
            pannes.hater()

    compte = pannes.bilan(service, annules_a)
    assert compte["par état"] == {"a_envoyer": 0, "envoye": 16, "remis": 0, "echoue": 0, "sans_objet": 3}
    assert compte["SMS partis"] == 16
    assert compte["deuxièmes envois refusés grâce à la clé"] >= 5
    for rien in (
        "SMS partis deux fois",
        "manquants : ni annulé, ni prévenu",
        "manquants : annulé sans le savoir",
        "confirmation ou rappel parti après l'annulation",
    ):
        assert compte[rien] == 0


@pytest.mark.usefixtures("file_vide")
def test_a_periodic_job_cut_short_and_queued_again_does_not_block_the_others():
    """Both cannot be queued: without care, the first one found would leave all the others "doing" for ever."""
    taches.rappeler.defer(timestamp=1)  # type: ignore[call-arg]
    messagerie.annoncer_confirmation(rendez_vous=un_rendez_vous())
    with connection.cursor() as curseur:
        curseur.execute("update procrastinate_jobs set status = 'doing'")
    taches.rappeler.defer(timestamp=2)  # type: ignore[call-arg]

    async_to_sync(taches.rendre_les_interrompus)(app.job_manager)

    restent = ProcrastinateJob.objects.order_by("task_name").values_list("task_name", "status")
    assert list(restent) == [("reservations.envoyer_message", "todo")] * 2 + [("reservations.rappeler", "todo")]


# --- Who receives what: the table of docs/messages.md is what the code does ------------------------------------------

RECU = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
LIGNES = RECU.findall((PROJET / "docs" / "messages.md").read_text())[1:]


def liberer_une_place(rdv: RendezVous) -> None:
    """Its learner waits for a sooner time; there is one an hour before, with a colleague."""
    maintenant = timezone.now().replace(hour=12)
    AppartenanceFactory(agent=rdv.agent, structure=rdv.structure)
    Motif.objects.update(reservable_en_ligne=True)
    Structure.objects.update(deplacement_heures=0)
    attente.attendre_plus_tot(rendez_vous=rdv, maintenant=maintenant)
    ouvre = timezone.localtime(maintenant) + timedelta(days=1)
    plage = PlageOuverture(
        structure=rdv.structure,
        agent=rdv.agent,
        lieu=rdv.lieu,
        titre="Permanence",
        premier_jour=ouvre.date(),
        heure_debut=heure_du_jour(9),
        heure_fin=heure_du_jour(10),
    )
    JourParticulier.objects.create(structure=rdv.structure, jour=ouvre.date(), ferme=False)
    enregistrer_plage(plage=plage, motifs=[rdv.motif], maintenant=maintenant)
    attente.proposer_places(maintenant=maintenant)


PAR = {"the learner": Par.PERSONNE, "the prescriber": Par.PRESCRIPTEUR}


def _deplacer(rdv: RendezVous, qui: Agent | None, par: Par, ancien: Agent, depuis: timedelta) -> None:
    messagerie.annoncer_deplacement(rendez_vous=rdv, depuis=(ancien, rdv.debut - depuis, rdv.fin), auteur=qui, par=par)


def _annuler(rdv: RendezVous, qui: Agent | None, par: Par) -> None:
    rdv.annule_par_prescripteur = par == Par.PRESCRIPTEUR
    annuler(rdv, Statut.ANNULE if par == Par.STRUCTURE else Statut.EXCUSE)
    messagerie.annoncer_annulation(rendez_vous=rdv, auteur=qui)


EVENEMENTS: dict[str, Callable[[RendezVous, Agent | None, Par], object]] = {
    "taken": lambda rdv, qui, par: messagerie.annoncer_confirmation(rendez_vous=rdv, auteur=qui),
    "moved": lambda rdv, qui, par: _deplacer(rdv, qui, par, rdv.agent, timedelta(days=1)),
    "given to a colleague": lambda rdv, qui, par: _deplacer(
        rdv, qui, par, AgentFactory(courriel="ancien@exemple.fr"), timedelta(0)
    ),
    "cancelled": _annuler,
    "two days before": lambda rdv, *_: messagerie.ecrire_rappels(maintenant=rdv.debut - timedelta(hours=48)),
    "a place is free sooner": lambda rdv, *_: liberer_une_place(rdv),
    "two hours before": lambda rdv, *_: messagerie.ecrire_rappels(maintenant=rdv.debut - timedelta(hours=2)),
}


@pytest.mark.parametrize(("evenement", "auteur", "apprenant", "prescripteur", "agent", "ancien"), LIGNES)
@pytest.mark.django_db
def test_the_table_says_who_receives_what(evenement, auteur, apprenant, prescripteur, agent, ancien):
    rdv = un_rendez_vous(
        agent={"courriel": "agent@exemple.fr"},
        structure={"rappel_2h": True},
        cree_le=timezone.now() - timedelta(days=9),
        prescripteur=PrescripteurFactory(courriel="lea@exemple.fr") if prescripteur != "nothing" else None,
    )
    collegue = AppartenanceFactory(agent=AgentFactory(courriel="collegue@exemple.fr"), structure=rdv.structure).agent
    qui = {"the agent": rdv.agent, "a colleague": collegue}.get(auteur)

    EVENEMENTS[evenement](rdv, qui, PAR.get(auteur, Par.STRUCTURE))

    recus = {m.destinataire: m.sujet.split(" :")[0] for m in Message.objects.all()}
    attendus = {
        "ana@exemple.fr": apprenant,
        "lea@exemple.fr": prescripteur,
        "agent@exemple.fr": agent,
        "ancien@exemple.fr": ancien,
    }
    assert recus == {adresse: sujet for adresse, sujet in attendus.items() if sujet != "nothing"}
    assert Message.objects.count() == len(recus)


def test_the_table_forgets_no_event_and_nobody_who_makes_it():
    assert {evenement for evenement, *_ in LIGNES} == set(EVENEMENTS)
    ecrits = {(evenement, auteur) for evenement, auteur, *_ in LIGNES}
    faits = ("taken", "moved", "given to a colleague", "cancelled")
    assert {(fait, auteur) for fait in faits for auteur in (*PAR, "the agent", "a colleague")} <= ecrits
