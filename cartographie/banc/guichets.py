"""Case 5: bookings, from one client and from many, on different agents and on the same one."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median

from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from cartographie.banc.clients import Bilan, Clients, Tache, reserver
from cartographie.banc.mesures import Mesure, p95, rapport, sur
from cartographie.banc.rejeu import Enregistreur, rejouer
from cartographie.banc.terrain import GUICHETS, Terrain
from reservations.models import Apprenant, Demarche, Message, Participation, RendezVous
from reservations.serveur import adresse_de_la_base

TOURS, PAR_CLIENT = 7, 6
PART = 3  # promised: a third of what pgbench does


def taches(terrain: Terrain, clients: int, chacun: int = PAR_CLIENT, *, meme_agent: bool = False) -> list[list[Tache]]:
    """Return what each client books: the same moments, of an agent of their own or of the same one."""
    motif = terrain.guichets
    debuts = [terrain.lundi + timedelta(days=n // 12, hours=9, minutes=30 * (n % 12)) for n in range(chacun)]
    return [
        [
            Tache(
                motif.pk,
                motif.structure_id,
                terrain.agents_des_guichets[0 if meme_agent else client],
                debut,
                f"client-{client}-{n}",
            )
            for n, debut in enumerate(debuts)
        ]
        for client in range(clients)
    ]


def requetes_d_une_reservation(base: BaseDatabaseWrapper, terrain: Terrain) -> int:
    with sur(base):
        with CaptureQueriesContext(base) as requetes:
            reserver(taches(terrain, 1, 1)[0][0])
            nombre = len(requetes)
        liberer(terrain)
    return nombre


def liberer(terrain: Terrain) -> None:
    """Delete what was booked."""
    structure = terrain.guichets.structure
    Message.objects.filter(rendez_vous__structure=structure).delete()
    Demarche.objects.filter(motif=terrain.guichets).delete()
    Participation.objects.filter(rendez_vous__structure=structure).delete()
    RendezVous.objects.filter(structure=structure).delete()
    Apprenant.objects.filter(structure=structure).delete()


def mesurer_les_reservations(
    base: BaseDatabaseWrapper, terrain: Terrain, suivre: Callable[[], object], tours: int = TOURS
) -> Iterator[Mesure]:
    """Yield each measure once taken: the next may fail."""
    url = adresse_de_la_base(str(base.settings_dict["NAME"]))
    for nombre in (1, GUICHETS):
        with Clients(url, nombre) as clients:
            a_part = _a_part(base, terrain, clients, suivre, tours)
            yield a_part
            if nombre > 1:
                yield _le_meme_agent(base, terrain, clients, a_part, suivre, tours)


def _a_part(
    base: BaseDatabaseWrapper, terrain: Terrain, clients: Clients, suivre: Callable[[], object], tours: int
) -> Mesure:
    a_faire = taches(terrain, clients.nombre)
    with sur(base):
        requetes = requetes_d_une_reservation(base, terrain)
        enregistreur = Enregistreur(base)
        enregistrees = [
            [enregistreur.enregistrer(lambda tache=tache: reserver(tache)) for tache in siennes]  # type: ignore[misc]
            for siennes in a_faire
        ]
        liberer(terrain)
        bilans, limites = [], []
        for tour in range(tours + 1):
            ordre: list[Callable[[], object]] = [
                lambda: bilans.append(clients.courir(a_faire)),
                lambda: limites.append(rejouer(base, enregistreur.preparees, enregistrees)),
            ]
            for faire in ordre if tour % 2 == 0 else reversed(ordre):
                faire()
                liberer(terrain)
            suivre()
    bilans, limites = bilans[1:], limites[1:]  # the first round opens the connections
    nom = f"{clients.nombre} clients, un agent chacun" if clients.nombre > 1 else "1 client"
    return _mesure(nom, bilans, limites, "pgbench", requetes, PART if clients.nombre > 1 else None)


def _le_meme_agent(
    base: BaseDatabaseWrapper,
    terrain: Terrain,
    clients: Clients,
    a_part: Mesure,
    suivre: Callable[[], object],
    tours: int,
) -> Mesure:
    """Everyone wants the same moments of one agent: each is booked once, the others are refused."""
    bilans = []
    with sur(base):
        for _ in range(tours):
            bilans.append(clients.courir(taches(terrain, clients.nombre, meme_agent=True)))
            pris = RendezVous.objects.filter(structure=terrain.guichets.structure).count()
            if pris != PAR_CLIENT:
                bilans[-1].erreurs.append(f"{pris} rendez-vous pour {PAR_CLIENT} moments")
            liberer(terrain)
            suivre()
    limites = [a_part.par_seconde or 0.0] * tours
    nom = f"{clients.nombre} clients, le même agent"
    return _mesure(nom, bilans, limites, "un agent chacun", a_part.requetes, None)


def _mesure(
    nom: str, bilans: list[Bilan], limites: list[float], nom_limite: str, requetes: int, maximum: float | None
) -> Mesure:
    temps = [duree * 1000 for bilan in bilans for duree in bilan.temps]
    debits = [bilan.par_seconde for bilan in bilans]
    refus, erreurs = sum(bilan.refus for bilan in bilans), [e for bilan in bilans for e in bilan.erreurs]
    note = f"{len(temps)} réservés, {refus} refus, {len(erreurs)} erreur{'s' if len(erreurs) > 1 else ''}"
    return Mesure(
        nom=f"5. réservation, {nom}",
        premier=temps[0],
        mediane=median(temps),
        p95=p95(temps),
        limite=1000 / median(limites),
        nom_limite=nom_limite,
        rapport=rapport([1 / debit for debit in debits], [1 / debit for debit in limites]),
        rapport_des_meilleurs=max(limites) / max(debits),
        maximum=maximum,
        requetes=requetes,
        repetitions=len(temps),
        par_seconde=median(debits),
        limite_par_seconde=median(limites),
        note=" · ".join([note, *erreurs[:3]]),
        fautes=len(erreurs),
    )
