"""The big proof of the messages: a provider that fails, workers killed, thousands of rendez-vous, some cancelled.

    DATABASE_URL=postgres://… SECRET_KEY=… python -m tests.reservations.pannes --rendez-vous 10000

The database is migrated, and its messages, jobs and rendez-vous are DELETED first: give it one of its own. The workers
are real processes (`manage.py procrastinate worker`), killed by SIGKILL. The waits between two tries of a message (up
to 18 hours) are cut short, and the dead workers' jobs given back every few seconds instead of every ten minutes.
What it prints is explained in docs/messages.md; `tests/reservations/test_pannes.py` is the small one.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from tests.reservations.octopush_factice import CLE, COMPTE, OctopushFactice, Reponse, octopush_factice

AGENTS = 20
TRAVAILLEURS = 2
SIMULTANES = 4


def une_fois_sur_trois(n: int) -> Reponse | None:
    return (503, {"message": "Service unavailable"}) if n % 3 == 0 else None


def une_reponse_perdue_sur_deux(n: int) -> bool:
    """One failure in two comes after the SMS was taken."""
    return n % 2 == 0


class Travailleurs:
    """Two real workers, always: one that is killed is replaced at once."""

    def __init__(self) -> None:
        self.processus = [self._lancer() for _ in range(TRAVAILLEURS)]
        self.morts = 0

    def _lancer(self) -> "subprocess.Popen[bytes]":
        commande = [sys.executable, "manage.py", "procrastinate", "worker", "--concurrency", str(SIMULTANES)]
        return subprocess.Popen(commande, stderr=subprocess.DEVNULL, start_new_session=True)

    def tuer(self) -> None:
        victime = self.morts % TRAVAILLEURS
        os.killpg(self.processus[victime].pid, signal.SIGKILL)
        self.processus[victime].wait()
        self.processus[victime] = self._lancer()
        self.morts += 1

    def arreter(self) -> None:
        for processus in self.processus:
            processus.send_signal(signal.SIGKILL)
            processus.wait()


def preparer(nombre: int) -> None:
    """Half of the rendez-vous are to be confirmed, the other half, taken days ago, are to be reminded of."""
    from django.db import connection
    from django.utils import timezone

    from reservations.models import Apprenant, Message, Participation, RendezVous
    from tests.factories import AgentFactory, AppartenanceFactory, MotifFactory, StructureFactory

    with connection.cursor() as curseur:
        curseur.execute("truncate procrastinate_jobs, procrastinate_workers cascade")
        Message.objects.all().delete()
        RendezVous.objects.all().delete()
    structure = StructureFactory(nom="Médiathèque de Crest")
    motif = MotifFactory(structure=structure, telephone=True, duree=5)
    uniques = int(time.time())
    agents = [AgentFactory(courriel=f"{uniques}-{n}@exemple.fr", messages_recus="aucun") for n in range(AGENTS)]
    for agent in agents:
        AppartenanceFactory(agent=agent, structure=structure, basique=True)
    maintenant = timezone.now()
    rendez_vous = []
    for n in range(nombre):
        a_rappeler, rang = n % 2, n // 2 // AGENTS
        debut = maintenant + timedelta(hours=4 if a_rappeler else 60, minutes=5 * rang)
        rendez_vous.append(
            RendezVous(
                structure=structure,
                motif=motif,
                agent=agents[n // 2 % AGENTS],
                type_lieu=motif.type_lieu,
                debut=debut,
                fin=debut + timedelta(minutes=5),
                cree_le=maintenant - timedelta(days=4) if a_rappeler else maintenant,
            )
        )
    RendezVous.objects.bulk_create(rendez_vous, batch_size=2000)
    apprenants = Apprenant.objects.bulk_create(
        Apprenant(structure=structure, prenom="Ana", nom=f"Silva {n}", telephone=numero(n)) for n in range(nombre)
    )
    Participation.objects.bulk_create(
        Participation(rendez_vous=rdv, apprenant=qui) for rdv, qui in zip(rendez_vous, apprenants, strict=True)
    )


def numero(n: int) -> str:
    return f"+3361{n:07d}"


def confirmer_et_annuler(confirmer: list[int], annuler: list[int], annules_a: dict[str, float]) -> None:
    """Confirm half, in the order of their ids; cancel one in ten, at random, while the messages leave."""
    from django.db import connection
    from django.utils import timezone

    from reservations.courrier.messagerie import annoncer_confirmation
    from reservations.models import RendezVous
    from reservations.services import annuler_par_structure

    def annuler_un(pk: int) -> None:
        rdv = RendezVous.objects.avec_details().get(pk=pk)
        annuler_par_structure(rendez_vous=rdv, message="", maintenant=timezone.now())
        annules_a[rdv.participations.all()[0].apprenant.telephone.as_e164] = time.time()

    a_annuler = set(annuler)
    for rdv in RendezVous.objects.filter(pk__in=confirmer).order_by("pk"):
        annoncer_confirmation(rendez_vous=rdv)
        if rdv.pk in a_annuler:
            annuler_un(rdv.pk)  # at once: the confirmation races with it
    for pk in a_annuler - set(confirmer):
        annuler_un(pk)
    connection.close()


def hater() -> None:
    """Cut the waits short; give back the jobs of the dead, as the periodic job does."""
    from asgiref.sync import async_to_sync
    from django.db import connection
    from procrastinate.contrib.django import app

    from reservations.taches import rendre_les_interrompus

    with connection.cursor() as curseur:
        curseur.execute("update procrastinate_jobs set scheduled_at = null where status = 'todo' and attempts > 0")
    async_to_sync(rendre_les_interrompus)(app.job_manager)


def bilan(service: OctopushFactice, annules_a: dict[str, float]) -> dict[str, Any]:
    """Count what left, by person and by kind of message, and what the rows say."""
    from reservations.models import Etat, Message, Participation

    def genre(texte: str) -> str:
        return "annulation" if " annulé par " in texte else "rappel" if texte.startswith("Rappel") else "confirmation"

    partis = Counter((sms.numero, genre(sms.texte)) for sms in service.sms)
    apres = [s for s in service.sms if genre(s.texte) != "annulation" and s.recu_a > annules_a.get(s.numero, s.recu_a)]
    personnes = {t.as_e164 for t in Participation.objects.values_list("apprenant__telephone", flat=True)}
    prevenues = {qui for qui, quoi in partis if quoi != "annulation"}
    return {
        "messages écrits": Message.objects.count(),
        "par état": {etat.value: Message.objects.filter(etat=etat).count() for etat in Etat},
        "appels au fournisseur": service.appels,
        "SMS partis": len(service.sms),
        "deuxièmes envois refusés grâce à la clé": service.doublons,
        "SMS partis deux fois": sum(nombre - 1 for nombre in partis.values()),
        "manquants : ni annulé, ni prévenu": len(personnes - set(annules_a) - prevenues),
        "manquants : annulé sans le savoir": len({qui for qui in annules_a if not partis[qui, "annulation"]}),
        "confirmation ou rappel parti après l'annulation": len(apres),
    }


@contextmanager
def suivi(texte: str) -> Iterator[None]:
    debut = time.monotonic()
    yield
    print(f"{texte} : {time.monotonic() - debut:.0f} s", flush=True)  # noqa: T201


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rendez-vous", type=int, default=10_000)
    arguments.add_argument("--morts", type=int, default=10)
    arguments.add_argument("--sans-cle", action="store_true", help="fournisseur sans clé, mais toujours entendu")
    options = arguments.parse_args()
    pannes = {"panne": une_fois_sur_trois, "apres": une_reponse_perdue_sur_deux, "lenteur": 0.05}
    if options.sans_cle:
        pannes |= {"cles": False, "apres": lambda n: False}
    with octopush_factice(**pannes) as service:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "rdv.settings",
            "SMS_FOURNISSEUR": "octopush",
            "OCTOPUSH_URL": service.adresse,
            "OCTOPUSH_COMPTE": COMPTE,
            "OCTOPUSH_CLE": CLE,
            "JOURNAL_NIVEAU": "CRITICAL",
        }
        import django

        django.setup()
        eprouver(service, options.rendez_vous, options.morts)


def eprouver(service: OctopushFactice, nombre: int, morts: int) -> None:
    """Run the whole, and print the count."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    from reservations import taches
    from reservations.models import Etat, Message, RendezVous

    with suivi(f"{nombre} rendez-vous préparés"):
        preparer(nombre)
    tous = list(RendezVous.objects.order_by("pk").values_list("pk", flat=True))
    annules_a: dict[str, float] = {}
    melange = random.Random(26)  # noqa: S311
    ecrivain = threading.Thread(
        target=confirmer_et_annuler, args=(tous[::2], melange.sample(tous, nombre // 10), annules_a)
    )
    taches.rappeler.defer(timestamp=0)  # type: ignore[call-arg]
    travailleurs = Travailleurs()
    debut = time.monotonic()
    try:
        ecrivain.start()
        seuils = [melange.uniform(0.03, 0.9) * nombre for _ in range(morts)]
        seuils.sort()
        while True:
            time.sleep(melange.uniform(0.1, 0.4))
            if seuils and len(service.sms) >= seuils[0]:
                seuils.pop(0)
                travailleurs.tuer()
            if int(time.monotonic()) % 5 == 0:
                hater()
                restent = Message.objects.filter(etat=Etat.A_ENVOYER).count()
                rappels = ProcrastinateJob.objects.filter(task_name="reservations.rappeler").exclude(status="failed")
                if not ecrivain.is_alive() and not restent and not rappels.exists() and not seuils:
                    break
    finally:
        travailleurs.arreter()
    print(f"Travailleurs tués : {travailleurs.morts} ; durée : {time.monotonic() - debut:.0f} s")  # noqa: T201
    for quoi, combien in bilan(service, annules_a).items():
        print(f"{quoi} : {combien}")  # noqa: T201


if __name__ == "__main__":
    main()
