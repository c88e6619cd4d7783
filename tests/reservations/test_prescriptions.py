"""The agents' table of what each organisation prescribed, and its export."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.models import RendezVous, Statut
from reservations.requetes.prescriptions import COMPTES, Prescriptions, bornes_de_la_periode, prescriptions
from structures.texte import pour_tableur
from tests.aides_agent import Equipe, connecte, texte, une_equipe
from tests.factories import PrescripteurFactory

pytestmark = pytest.mark.django_db

MIDI = datetime(2026, 11, 18, 12, tzinfo=UTC)
NOVEMBRE = date(2026, 11, 1), date(2026, 11, 30)


@pytest.fixture
def equipe() -> Equipe:
    return une_equipe()


def un_prescrit(equipe: Equipe, debut: datetime, statut: Statut = Statut.PREVU, **champs: Any) -> RendezVous:
    annule = {"annule_le": debut} if statut in (Statut.EXCUSE, Statut.ANNULE) else {}
    return RendezVous.objects.create(
        structure=equipe.structure,
        motif=equipe.motif,
        agent=equipe.admin,
        lieu=equipe.lieu,
        type_lieu=equipe.motif.type_lieu,
        debut=debut,
        fin=debut + timedelta(hours=1),
        statut=statut,
        **{"prescripteur": None, **annule, **champs},
    )


def compter(ligne: Prescriptions) -> tuple[Any, ...]:
    return (ligne.nom, *(getattr(ligne, compte) for compte in COMPTES))


def test_each_rendez_vous_is_counted_once_by_what_became_of_it(equipe: Equipe) -> None:
    roux = PrescripteurFactory()
    statuts = (Statut.HONORE, Statut.HONORE, Statut.ABSENT, Statut.EXCUSE, Statut.ANNULE, Statut.PREVU)
    for rang, statut in enumerate(statuts):
        un_prescrit(equipe, MIDI - timedelta(days=rang + 1), statut, prescripteur=roux)
    un_prescrit(equipe, MIDI + timedelta(days=1), prescripteur=roux)
    un_prescrit(equipe, MIDI + timedelta(days=2))  # taken by the person
    un_prescrit(equipe, MIDI + timedelta(days=20), prescripteur=roux)  # next month
    un_prescrit(une_equipe(), MIDI + timedelta(days=3), prescripteur=roux)  # another structure

    (ccas,), total = prescriptions(equipe.structure, *NOVEMBRE, MIDI)

    assert compter(ccas) == ("CCAS de Crest", 7, 1, 2, 1, 2, 1)
    assert compter(total) == ("Total", 7, 1, 2, 1, 2, 1)
    assert [compter(p) for p in ccas.prescripteurs] == [("Léa Roux", 7, 1, 2, 1, 2, 1)]


def test_an_organisation_written_in_several_ways_is_one(equipe: Equipe) -> None:
    for rang, nom in enumerate(("CCAS de Crest", " ccas  de CREST", "C.C.A.S. de Crest", "CCAS dé Crest")):
        un_prescrit(equipe, MIDI + timedelta(hours=rang), prescripteur=PrescripteurFactory(organisation=nom))
    for rang in range(2):
        un_prescrit(
            equipe,
            MIDI + timedelta(days=1, hours=rang),
            prescripteur=PrescripteurFactory(organisation="CCAS de Crest", nom=f"Zo{rang}"),
        )

    groupes, _ = prescriptions(equipe.structure, *NOVEMBRE, MIDI)

    assert [(g.nom, g.pris, len(g.prescripteurs)) for g in groupes] == [
        ("CCAS de Crest", 5, 5),
        ("C.C.A.S. de Crest", 1, 1),
    ]


def test_the_bounds_are_those_of_local_days(equipe: Equipe) -> None:
    roux = PrescripteurFactory()
    un_prescrit(equipe, datetime(2026, 10, 31, 23, tzinfo=UTC), prescripteur=roux)  # 1 November, 0 h in Paris
    un_prescrit(equipe, datetime(2026, 11, 30, 23, tzinfo=UTC), prescripteur=roux)  # 1 December

    _, total = prescriptions(equipe.structure, *NOVEMBRE, MIDI)

    assert total.pris == 1


@pytest.mark.parametrize(
    ("periode", "jour", "bornes"),
    [
        ("mois", date(2026, 2, 28), (date(2026, 2, 1), date(2026, 2, 28))),
        ("mois", date(2026, 12, 31), (date(2026, 12, 1), date(2026, 12, 31))),
        ("trimestre", date(2026, 1, 31), (date(2025, 11, 1), date(2026, 1, 31))),
        ("annee", date(2026, 11, 22), (date(2026, 1, 1), date(2026, 12, 31))),
    ],
)
def test_a_period_is_whole_months(periode: str, jour: date, bornes: tuple[date, date]) -> None:
    assert bornes_de_la_periode(periode, jour) == bornes


def test_the_page_says_the_table_and_the_period(equipe: Equipe) -> None:
    client = connecte(equipe.basique)
    adresse = equipe.adresse("reservations:prescriptions")
    assert "Aucun rendez-vous pris par un prescripteur" in texte(client.get(adresse))
    un_prescrit(equipe, timezone.now(), prescripteur=PrescripteurFactory(organisation="<b>Mairie</b>"))

    for periode in ("", "mois", "trimestre", "annee", "siecle"):
        page = client.get(adresse, {"periode": periode})
        assert page.status_code == 200
        assert "<b>Mairie</b>" in texte(page)
        assert "<b>Mairie" not in page.content.decode()
    assert adresse in client.get(equipe.adresse("reservations:rendez_vous") + "?onglet=passes").content.decode()


def test_the_export_opens_in_a_french_spreadsheet_and_computes_nothing(equipe: Equipe) -> None:
    maintenant = timezone.now()
    un_prescrit(
        equipe,
        maintenant,
        prescripteur=PrescripteurFactory(organisation='=HYPERLINK("x";"y")', prenom="@Léa", nom='Roux; "R"'),
    )

    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:exporter_prescriptions"))

    assert reponse["Content-Type"] == "text/csv; charset=utf-8"
    assert reponse["Content-Disposition"].startswith('attachment; filename="prescriptions-')
    contenu = reponse.content.decode()
    assert contenu.startswith("\ufeffOrganisation;Prescripteur;Pris;")
    _, ligne = csv.reader(StringIO(contenu[1:]), delimiter=";")
    assert ligne == ['\'=HYPERLINK("x";"y")', '\'@Léa Roux; "R"', "1", "1", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("brut", "ecrit"),
    [("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("\t=1", "'=1"), ("\r=1", "'=1"), ("CCAS", "CCAS")],
)
def test_what_begins_like_a_formula_is_text(brut: str, ecrit: str) -> None:
    assert pour_tableur(brut) == ecrit


@pytest.mark.parametrize("page", ["reservations:prescriptions", "reservations:exporter_prescriptions"])
def test_the_table_costs_the_same_for_one_or_thirty_organisations(equipe: Equipe, page: str) -> None:
    client, couts = connecte(equipe.basique), []
    maintenant = timezone.now().replace(day=2, hour=0)
    for debut, nombre in ((0, 1), (1, 29)):
        for rang in range(debut, debut + nombre):
            un_prescrit(
                equipe,
                maintenant + timedelta(hours=rang),
                prescripteur=PrescripteurFactory(organisation=f"Organisation {rang}"),
            )
        with CaptureQueriesContext(connection) as requetes:
            client.get(equipe.adresse(page))
        couts.append(len(requetes))
    assert couts[0] == couts[1]
