"""The slots engine against a naive one, and its cost."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from motifs.models import Motif
from plages.models import Absence, PlageOuverture
from plages.recurrence import Frequence
from plages.services import deplacer_occurrence, enregistrer_absence, enregistrer_plage
from reservations.creneaux import (
    Creneau,
    Demande,
    creneaux_libres,
    debuts_libres,
    demande_du_public,
    premiers_creneaux,
)
from reservations.models import RendezVous, Statut
from structures.models import Agent, Appartenance, Lieu, Structure
from tests.factories import AgentFactory, LieuFactory, MotifFactory, StructureFactory

H = timedelta(hours=1)
NEUF_HEURES = datetime(2026, 11, 24, 8, tzinfo=UTC)


def ouvrir(
    motif: Motif,
    agent: Agent,
    lieu: Lieu | None,
    jour: date,
    debut: time,
    fin: time,
    maintenant: datetime,
    **regle: object,
) -> None:
    Appartenance.objects.get_or_create(agent=agent, structure=motif.structure)
    enregistrer_plage(
        plage=PlageOuverture(
            structure=motif.structure,
            agent=agent,
            lieu=lieu,
            titre="plage",
            premier_jour=jour,
            heure_debut=debut,
            heure_fin=fin,
            **regle,
        ),
        motifs=[motif],
        maintenant=maintenant,
    )


# --- Against a naive engine ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """Rules in the local time of a structure, on the days around a clock change."""

    fuseau: str
    premier: date
    duree: int
    delai_min: int
    delai_max: int
    maintenant: datetime
    plages: list[tuple[int, int, int, int, int]] = field(default_factory=list)  # (agent, pause, day, minute, length)
    absences: list[tuple[int, int, int, int, int]] = field(default_factory=list)  # the same and a number of nights
    rendez_vous: list[tuple[int, int, int, int]] = field(default_factory=list)  # (agent, minute, length, pause)


# Both clock changes of Paris, a zone that has none, and one that changes on another day. No public holiday there.
DEPARTS = [
    ("Europe/Paris", date(2026, 10, 23)),
    ("Europe/Paris", date(2026, 3, 27)),
    ("Indian/Reunion", date(2026, 3, 27)),
    ("America/Miquelon", date(2027, 3, 12)),
]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    fuseau, premier = draw(st.sampled_from(DEPARTS))
    agent = st.integers(0, 1)
    jour = st.integers(0, 4)
    minute = st.integers(0, 1200).map(lambda m: m // 5 * 5)
    pause = st.sampled_from([5, 10, 45, 120, 0])
    minuit = datetime.combine(premier, time(), ZoneInfo(fuseau)).astimezone(UTC)
    plage = st.tuples(agent, pause, jour, minute, st.integers(12, 60).map(lambda n: n * 5))
    plages = draw(st.lists(plage, min_size=1, max_size=4))
    # Around a plage: that is where pauses meet.
    autour = st.one_of(
        *(
            st.tuples(st.just(a), st.integers(-130, 330).map(lambda n, depart=j * 1440 + m: depart + n))
            for a, _, j, m, _ in plages
        )
    )
    return Scenario(
        fuseau,
        premier,
        duree=draw(st.sampled_from([15, 20, 45, 60, 90])),
        delai_min=draw(st.sampled_from([30, 60, 1440])),
        delai_max=draw(st.sampled_from([7200, 2880, 61])) + 1440,
        maintenant=minuit + timedelta(minutes=draw(st.integers(-1440, 2880))),
        plages=plages,
        absences=draw(
            st.lists(
                st.tuples(agent, jour, minute, st.integers(1, 40).map(lambda n: n * 5), st.integers(0, 2)), max_size=2
            )
        ),
        rendez_vous=draw(
            st.lists(st.tuples(autour, st.integers(5, 120), pause).map(lambda t: (*t[0], *t[1:])), max_size=4)
        ),
    )


def bornes_locales(
    scenario: Scenario, jour: int, minute: int, longueur: int, nuits: int = 0
) -> tuple[datetime, datetime] | None:
    """Naive local bounds of a rule, None when the rule ends after its last day."""
    if minute + longueur >= 1440:
        return None
    depart = datetime.combine(scenario.premier + timedelta(days=jour), time())
    return depart + timedelta(minutes=minute), depart + timedelta(days=nuits, minutes=minute + longueur)


def creneaux_naifs(scenario: Scenario) -> dict[tuple[datetime, int], int]:
    """Slots by walking each free piece minute by minute: slow, and sharing nothing with the engine but the rule.
    Returns the pause of each."""
    tz = ZoneInfo(scenario.fuseau)
    minute = timedelta(minutes=1)

    def utc(naif: datetime) -> datetime:
        return naif.replace(tzinfo=tz).astimezone(UTC)

    pris: dict[int, list[tuple[datetime, datetime]]] = {0: [], 1: []}
    for agent, *reste in scenario.absences:
        bornes = bornes_locales(scenario, *reste)
        if bornes:
            pris[agent].append((utc(bornes[0]), utc(bornes[1])))
    servis: dict[int, list[tuple[datetime, datetime]]] = {0: [], 1: []}
    for agent, debut, fin, pause in rendez_vous_possibles(scenario):
        pris[agent].append((debut, fin + pause * minute))
        servis[agent].append((debut, fin + pause * minute))
    trouves: dict[tuple[datetime, int], int] = {}
    for agent, pause, *reste in scenario.plages:
        bornes = bornes_locales(scenario, *reste)
        if not bornes:
            continue
        debut, fin = utc(bornes[0]), utc(bornes[1])
        libre_depuis = None
        moment = debut
        while moment < fin:
            if any(d <= moment < f for d, f in pris[agent]):
                libre_depuis = None
            elif libre_depuis is None:
                libre_depuis = moment
            moment += minute
            if libre_depuis is not None and (moment - libre_depuis) == timedelta(minutes=scenario.duree):
                debut_creneau, libre_depuis = libre_depuis, moment
                repos = [moment + n * minute for n in range(pause)]
                if not any(
                    d <= instant < f for instant in repos for d, f in servis[agent]
                ) and scenario.maintenant + timedelta(
                    minutes=scenario.delai_min
                ) <= debut_creneau <= scenario.maintenant + timedelta(minutes=scenario.delai_max):
                    trouves[debut_creneau, agent] = max(pause, trouves.get((debut_creneau, agent), 0))
                # The next slot of the piece starts where this one ends, if that minute is free too.
                if any(d <= moment < f for d, f in pris[agent]) or moment >= fin:
                    libre_depuis = None
    return trouves


def rendez_vous_possibles(scenario: Scenario) -> list[tuple[int, datetime, datetime, int]]:
    """The rendez-vous of the scenario that the constraint lets in: the first of those that collide."""
    minuit = datetime.combine(scenario.premier, time(), ZoneInfo(scenario.fuseau)).astimezone(UTC)
    retenus: list[tuple[int, datetime, datetime, int]] = []
    for agent, minute, longueur, pause in scenario.rendez_vous:
        debut = minuit + timedelta(minutes=minute)
        fin = debut + timedelta(minutes=longueur)
        libre_a = fin + timedelta(minutes=pause)
        if not any(a == agent and d < libre_a and debut < f + timedelta(minutes=p) for a, d, f, p in retenus):
            retenus.append((agent, debut, fin, pause))
    return retenus


# An absence typed in once it is over still moves the grid of the ouverture that it cut.
ABSENCE_FINIE = Scenario(
    "Europe/Paris",
    date(2026, 10, 23),
    duree=15,
    delai_min=30,
    delai_max=8640,
    maintenant=datetime(2026, 10, 22, 22, 5, tzinfo=UTC),
    plages=[(0, 5, 0, 0, 60)],
    absences=[(0, 0, 0, 5, 0)],
)


@pytest.mark.django_db
@example(scenario=ABSENCE_FINIE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scenario=scenarios())
def test_moteur_egale_le_moteur_naif(db: None, scenario: Scenario) -> None:
    structure = Structure.objects.create(nom="S", fuseau=scenario.fuseau)
    agents = [AgentFactory(), AgentFactory()]
    motif = MotifFactory(
        structure=structure,
        telephone=True,
        ouvert=True,
        duree=scenario.duree,
        delai_min=timedelta(minutes=scenario.delai_min),
        delai_max=timedelta(minutes=scenario.delai_max),
    )
    avant = scenario.maintenant
    for agent, pause, *reste in scenario.plages:
        bornes = bornes_locales(scenario, *reste)
        if bornes:
            jour, heures = bornes[0].date(), (bornes[0].time(), bornes[1].time())
            ouvrir(motif, agents[agent], None, jour, *heures, avant, pause=pause)
    for agent, *reste in scenario.absences:
        bornes = bornes_locales(scenario, *reste)
        if bornes:
            enregistrer_absence(
                absence=Absence(
                    structure=structure,
                    agent=agents[agent],
                    titre="absence",
                    premier_jour=bornes[0].date(),
                    dernier_jour=bornes[1].date(),
                    heure_debut=bornes[0].time(),
                    heure_fin=bornes[1].time(),
                ),
                maintenant=avant,
            )
    for agent, debut, fin, pause in rendez_vous_possibles(scenario):
        champs = {"structure": structure, "motif": motif, "agent": agents[agent], "type_lieu": "telephone"}
        RendezVous.objects.create(**champs, debut=debut, fin=fin, pause=pause)

    demande = demande_du_public(motif, maintenant=avant)
    libres = creneaux_libres([demande], maintenant=avant)

    numero = {agent.pk: n for n, agent in enumerate(agents)}
    assert libres == sorted(libres)
    assert len(libres) == len({c[:5] for c in libres})
    assert {(c.debut, numero[c.agent_id]): c.pause for c in libres} == creneaux_naifs(scenario)
    assert list(debuts_libres([demande], maintenant=avant)) == sorted({c.debut for c in libres})
    premiers = premiers_creneaux([demande], maintenant=avant)
    assert [p.debut for p in premiers] == [min(c.debut for c in libres)] if libres else premiers == []
    assert _en_deux_temps([demande], avant, timedelta(days=2)) == premiers


def _en_deux_temps(demandes: list[Demande], maintenant: datetime, bientot: timedelta) -> list[Creneau]:
    """Ask for the first slots as for many motifs: within `bientot`, then further for what had nothing."""
    with patch.multiple("reservations.creneaux", PEU_DE_MOTIFS=0, BIENTOT=bientot):
        return premiers_creneaux(demandes, maintenant=maintenant)


# --- Rules that the scenarios do not draw ----------------------------------------------------------------------------


@pytest.fixture
def lundi() -> date:
    return date(2026, 11, 23)


@pytest.fixture
def maintenant() -> datetime:
    return datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def motif(db: None) -> Motif:
    return MotifFactory(ouvert=True)


@pytest.fixture
def agent(motif: Motif) -> Agent:
    return AgentFactory()


@pytest.fixture
def plage(motif: Motif, agent: Agent, lundi: date, maintenant: datetime) -> None:
    lieu = LieuFactory(structure=motif.structure)
    ouvrir(motif, agent, lieu, lundi, time(9), time(11), maintenant)


def debuts(motif: Motif, maintenant: datetime, **options: object) -> list[str]:
    demande = demande_du_public(motif, maintenant=maintenant)
    libres = creneaux_libres([demande], maintenant=maintenant, **options)  # type: ignore[arg-type]
    return [f"{c.debut.astimezone(motif.structure.tz):%d %H:%M}" for c in libres]


def occuper(motif: Motif, agent: Agent, **champs: object) -> RendezVous:
    debut = datetime(2026, 11, 23, 8, tzinfo=UTC)
    valeurs: dict[str, object] = {"type_lieu": "telephone", "debut": debut, "fin": debut + H}
    return RendezVous.objects.create(structure=motif.structure, motif=motif, agent=agent, **(valeurs | champs))


@pytest.mark.usefixtures("plage")
def test_un_lieu_ferme_ne_propose_rien(motif: Motif, maintenant: datetime) -> None:
    assert debuts(motif, maintenant) == ["23 09:00", "23 10:00"]
    Lieu.objects.update(ouvert=False)
    assert debuts(motif, maintenant) == []


@pytest.mark.usefixtures("plage")
def test_un_agent_desactive_ne_propose_rien(motif: Motif, agent: Agent, maintenant: datetime) -> None:
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    assert debuts(motif, maintenant) == []


@pytest.mark.usefixtures("plage")
def test_un_rendez_vous_d_une_autre_structure_occupe(motif: Motif, agent: Agent, maintenant: datetime) -> None:
    ailleurs = MotifFactory(structure=StructureFactory())
    occuper(ailleurs, agent)
    assert debuts(motif, maintenant) == ["23 10:00"]


@pytest.mark.usefixtures("plage")
@pytest.mark.parametrize(
    ("statut", "occupe"), [("honore", True), ("absent", True), ("excuse", False), ("annule", False)]
)
def test_statuts_qui_occupent(motif: Motif, agent: Agent, maintenant: datetime, statut: str, occupe: bool) -> None:
    occuper(motif, agent, statut=statut, annule_le=None if occupe else maintenant)
    assert ("23 09:00" not in debuts(motif, maintenant)) is occupe


@pytest.mark.usefixtures("plage")
def test_une_option_occupe_jusqu_a_son_heure_sauf_pour_son_visiteur(
    motif: Motif, agent: Agent, maintenant: datetime
) -> None:
    occuper(motif, agent, statut=Statut.OPTION, expire_a=maintenant + timedelta(minutes=15), visiteur="moi")
    assert debuts(motif, maintenant) == ["23 10:00"]
    assert debuts(motif, maintenant, visiteur="autre") == ["23 10:00"]
    assert debuts(motif, maintenant, visiteur="moi") == ["23 09:00", "23 10:00"]
    assert debuts(motif, maintenant + timedelta(minutes=15)) == ["23 09:00", "23 10:00"]


@pytest.mark.usefixtures("plage")
def test_sauf_ignore_le_rendez_vous_que_l_on_deplace(motif: Motif, agent: Agent, maintenant: datetime) -> None:
    rendez_vous = occuper(motif, agent)
    assert debuts(motif, maintenant, sauf=rendez_vous.pk) == ["23 09:00", "23 10:00"]


def test_deux_plages_qui_se_chevauchent_ne_doublent_pas_un_creneau(
    motif: Motif, agent: Agent, lundi: date, maintenant: datetime
) -> None:
    lieu = LieuFactory(structure=motif.structure)
    for fin in (time(10), time(11)):
        ouvrir(motif, agent, lieu, lundi, time(9), fin, maintenant)
    assert debuts(motif, maintenant) == ["23 09:00", "23 10:00"]


def test_deux_ouvertures_d_une_plage_qui_se_touchent_ont_chacune_leur_grille(
    motif: Motif, agent: Agent, lundi: date, maintenant: datetime
) -> None:
    suivant, lieu = lundi + timedelta(days=7), LieuFactory(structure=motif.structure)
    ouvrir(motif, agent, lieu, lundi, time(9), time(10, 30), maintenant, frequence="semaine", jusqu_au=suivant)
    deplacer_occurrence(
        plage=PlageOuverture.objects.get(),
        jour=suivant,
        nouveau_jour=lundi,
        heure_debut=time(10, 30),
        heure_fin=time(12),
        maintenant=maintenant,
    )
    assert debuts(motif, maintenant) == ["23 09:00", "23 10:30"]  # not 9, 10 and 11


@pytest.mark.usefixtures("plage")
@pytest.mark.parametrize(("minutes", "libre"), [(59, False), (60, True)])
def test_un_seul_debut_demande_voit_ce_qui_commence_apres_lui(
    motif: Motif, agent: Agent, maintenant: datetime, minutes: int, libre: bool
) -> None:
    """What a booking asks again: a rendez-vous that begins after the window, before the slot ends."""
    neuf_heures = datetime(2026, 11, 23, 8, tzinfo=UTC)
    occuper(motif, agent, debut=neuf_heures + timedelta(minutes=minutes), fin=neuf_heures + 2 * H)
    libres = creneaux_libres([Demande(motif, neuf_heures, neuf_heures)], maintenant=maintenant)
    assert [c.debut for c in libres] == [neuf_heures] * libre


def test_deux_motifs_d_un_agent_au_meme_moment_sont_deux_creneaux(
    motif: Motif, agent: Agent, lundi: date, maintenant: datetime
) -> None:
    autre = MotifFactory(structure=motif.structure, ouvert=True)
    for chacun in (motif, autre):
        ouvrir(chacun, agent, LieuFactory(structure=motif.structure), lundi, time(9), time(10), maintenant)
    demandes = [demande_du_public(chacun, maintenant=maintenant) for chacun in (motif, autre)]
    libres = creneaux_libres(demandes, maintenant=maintenant)
    assert [c.motif_id for c in libres] == sorted([motif.pk, autre.pk])


def test_les_creneaux_viennent_par_heure_puis_par_agent_quelle_que_soit_la_pause(
    motif: Motif, lundi: date, maintenant: datetime
) -> None:
    premier, second = sorted(AgentFactory().pk for _ in range(2))
    for agent, pause in ((second, 0), (premier, 20)):
        lieu = LieuFactory(structure=motif.structure)
        ouvrir(motif, Agent.objects.get(pk=agent), lieu, lundi, time(9), time(11), maintenant, pause=pause)

    libres = creneaux_libres([demande_du_public(motif, maintenant=maintenant)], maintenant=maintenant)

    assert [(c.debut.hour, c.agent_id) for c in libres] == [(8, premier), (8, second), (9, premier), (9, second)]


def test_les_debuts_de_tous_les_agents_sont_dits_dans_l_ordre_chacun_une_fois(
    motif: Motif, lundi: date, maintenant: datetime
) -> None:
    for jour, heure in ((1, 11), (0, 11), (0, 10), (1, 11)):
        lieu = LieuFactory(structure=motif.structure)
        ouvrir(motif, AgentFactory(), lieu, lundi + timedelta(days=jour), time(heure), time(12), maintenant)
    dix_heures = datetime(2026, 11, 23, 9, tzinfo=UTC)
    demande = demande_du_public(motif, maintenant=maintenant, du=dix_heures)
    demain = timedelta(days=1)

    debuts = debuts_libres([demande, demande], maintenant=maintenant)

    assert list(debuts) == [dix_heures, dix_heures + H, dix_heures + H + demain]


A_DIX_HEURES = {"debut": datetime(2026, 11, 23, 9, tzinfo=UTC), "fin": datetime(2026, 11, 23, 9, 30, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("pause", "rendez_vous", "attendu"),
    [
        (20, None, ["09:00", "10:00", "11:00"]),  # an empty day is cut as if there were no pause
        (0, {"pause": 20}, ["10:20", "11:20"]),  # the pause of one already taken is busy time
        (0, A_DIX_HEURES, ["09:00", "10:30"]),
        (20, A_DIX_HEURES, ["10:30"]),  # the pause of a new one must fit before the next, and may exceed the plage
    ],
)
def test_la_pause(
    motif: Motif,
    agent: Agent,
    lundi: date,
    maintenant: datetime,
    pause: int,
    rendez_vous: dict[str, object] | None,
    attendu: list[str],
) -> None:
    ouvrir(motif, agent, LieuFactory(structure=motif.structure), lundi, time(9), time(12, 20), maintenant, pause=pause)
    if rendez_vous is not None:
        occuper(motif, agent, **rendez_vous)
    assert debuts(motif, maintenant) == [f"23 {heure}" for heure in attendu]


def test_une_absence_peut_commencer_pendant_une_pause_et_un_rendez_vous_hors_plage_non(
    motif: Motif, agent: Agent, lundi: date, maintenant: datetime
) -> None:
    ouvrir(motif, agent, LieuFactory(structure=motif.structure), lundi, time(9), time(10), maintenant, pause=20)
    absence = Absence(structure=motif.structure, agent=agent, titre="a", premier_jour=lundi, dernier_jour=lundi)
    absence.heure_debut, absence.heure_fin = time(10), time(18)
    enregistrer_absence(absence=absence, maintenant=maintenant)
    assert debuts(motif, maintenant) == ["23 09:00"]
    occuper(motif, agent, **A_DIX_HEURES)
    assert debuts(motif, maintenant) == []


def test_de_plusieurs_plages_la_plus_longue_pause_qui_tient(
    motif: Motif, agent: Agent, lundi: date, maintenant: datetime
) -> None:
    lieu = LieuFactory(structure=motif.structure)
    for pause in (20, 5, 10):
        ouvrir(motif, agent, lieu, lundi, time(9), time(10), maintenant, pause=pause)
    demande = demande_du_public(motif, maintenant=maintenant)
    for moteur in (creneaux_libres, premiers_creneaux):
        assert [c.pause for c in moteur([demande], maintenant=maintenant)] == [20]
    occuper(motif, agent, debut=datetime(2026, 11, 23, 9, 15, tzinfo=UTC), fin=datetime(2026, 11, 23, 10, tzinfo=UTC))
    for moteur in (creneaux_libres, premiers_creneaux):
        assert [c.pause for c in moteur([demande], maintenant=maintenant)] == [10]


@pytest.mark.django_db
def test_un_ferie_du_territoire_n_ouvre_pas(maintenant: datetime) -> None:
    for departement, attendu in (("57", []), ("26", ["26 09:00"])):  # Saint-Étienne, 26 December
        motif = MotifFactory(ouvert=True, structure=StructureFactory(departement=departement))
        ouvrir(
            motif,
            AgentFactory(),
            LieuFactory(structure=motif.structure),
            date(2026, 12, 26),
            time(9),
            time(10),
            maintenant,
        )
        assert debuts(motif, maintenant) == attendu


@pytest.mark.django_db
def test_la_plage_d_un_motif_sans_lieu_n_en_donne_pas(lundi: date, maintenant: datetime) -> None:
    motif = MotifFactory(ouvert=True, telephone=True)
    ouvrir(motif, AgentFactory(), LieuFactory(structure=motif.structure), lundi, time(9), time(10), maintenant)
    demande = demande_du_public(motif, maintenant=maintenant)
    (creneau,) = creneaux_libres([demande], maintenant=maintenant)
    assert creneau == Creneau(datetime(2026, 11, 23, 8, tzinfo=UTC), creneau.agent_id, motif.pk, None, H)
    assert creneau.fin == datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.usefixtures("plage")
def test_premiers_creneaux_par_motif_et_lieu(motif: Motif, agent: Agent, lundi: date, maintenant: datetime) -> None:
    autre_lieu = LieuFactory(structure=motif.structure)
    autre_motif = MotifFactory(structure=motif.structure, ouvert=True, duree=90)
    ouvrir(motif, agent, autre_lieu, lundi + timedelta(days=1), time(14), time(16), maintenant)
    ouvrir(autre_motif, agent, autre_lieu, lundi, time(13), time(14), maintenant)  # shorter than the motif: no slot
    ouvrir(autre_motif, agent, autre_lieu, lundi, time(15), time(18), maintenant)
    demandes = [demande_du_public(m, maintenant=maintenant) for m in (motif, autre_motif)]
    premiers = premiers_creneaux(demandes, maintenant=maintenant)
    assert [(p.motif_id, f"{p.debut:%d %H}", p.lieu_id == autre_lieu.pk) for p in premiers] == [
        (motif.pk, "23 08", False),
        (autre_motif.pk, "23 14", True),
        (motif.pk, "24 13", True),
    ]
    # Whatever falls before or after the two weeks, or on the instant between them.
    jusque = [timedelta(0), timedelta(days=400), *(p.debut - d.au_plus_tot for p in premiers for d in demandes)]
    for bientot in jusque:
        with CaptureQueriesContext(connection) as requetes:
            assert _en_deux_temps(demandes, maintenant, bientot) == premiers
        tot = {demande.motif.pk: demande.au_plus_tot for demande in demandes}
        assert len(requetes) == (1 if all(p.debut <= tot[p.motif_id] + bientot for p in premiers) else 2)


def test_une_requete_quel_que_soit_le_nombre_d_agents_et_de_rendez_vous(
    motif: Motif, lundi: date, maintenant: datetime
) -> None:
    lieu = LieuFactory(structure=motif.structure)
    demande = Demande(motif, maintenant, maintenant + timedelta(days=28))
    couts = []
    for combien in (1, 9):
        for _ in range(combien):
            agent = AgentFactory()
            ouvrir(motif, agent, lieu, lundi, time(9), time(12), maintenant, frequence=Frequence.SEMAINE.value)
            occuper(motif, agent)
        with CaptureQueriesContext(connection) as requetes:
            libres = creneaux_libres([demande], maintenant=maintenant)
        couts.append((len(requetes), len(libres)))
    # Four Mondays of three slots, less the one taken.
    assert couts == [(1, 11), (1, 110)]


def test_une_demande_vide_ne_coute_rien(motif: Motif, maintenant: datetime) -> None:
    with CaptureQueriesContext(connection) as requetes:
        assert creneaux_libres([Demande(motif, maintenant, maintenant - H)], maintenant=maintenant) == []
    assert len(requetes) == 0
