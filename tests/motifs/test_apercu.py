"""The live preview of the form: what a learner will read, and the first créneaux with what is typed."""

from datetime import time, timedelta

import pytest
from lxml import html

from motifs.models import Motif
from tests.aides_agent import connecte, texte, une_equipe, une_plage
from tests.htmx import page_apres_echange, page_rechargee
from tests.motifs.test_pages import SAISIE

pytestmark = pytest.mark.django_db
APERCU = {**SAISIE, "reservable_en_ligne": "on", "apercu": "oui"}


def _apercu(reponse) -> str:
    region = html.fromstring(reponse.content.decode())
    region = region if region.get("id") == "apercu" else region.get_element_by_id("apercu")
    return " ".join(region.text_content().split())


def test_a_new_motif_is_read_as_it_is_typed_and_nothing_is_saved() -> None:
    equipe = une_equipe()
    adresse = equipe.adresse("motifs:nouveau_motif")
    client = connecte(equipe.admin)
    assert "Donnez un nom au motif" in _apercu(client.get(adresse))

    fragment = client.post(
        adresse,
        {**APERCU, "instructions_a_accepter": "Voir https://exemple.fr\n<b>gras</b>"},
        headers={"HX-Request": "true"},
    )

    assert b"<main" not in fragment.content
    lu = _apercu(fragment)
    assert "Atelier photos2 heures · sur place" in lu
    assert "dès qu'une plage d'ouverture existera" in lu
    assert "À lire avant de réserverVoir https://exemple.fr<b>gras</b>" in lu
    assert b"<b>" not in fragment.content
    assert not Motif.objects.filter(nom="Atelier photos").exists()


def test_the_first_times_follow_the_duration_and_the_delays_typed() -> None:
    equipe = une_equipe()
    une_plage(equipe, heure_debut=time(9), heure_fin=time(12))
    client, adresse = connecte(equipe.admin), equipe.adresse("motifs:modifier_motif", equipe.motif.pk)

    def heures(**champs: str) -> list[str]:
        fragment = client.post(adresse, {**APERCU, "delai_min": "1800", **champs}, headers={"HX-Request": "true"})
        return [t.text_content() for t in html.fromstring(fragment.content.decode()).xpath("//time")]

    assert heures(duree="60") == ["demain à 9 h", "demain à 10 h", "demain à 11 h"]
    assert heures(duree="90")[:2] == ["demain à 9 h", "demain à 10 h 30"]
    assert "demain à 9 h" not in heures(duree="60", delai_min=str(int(timedelta(days=3).total_seconds())))
    assert heures(duree="240") == []


def test_without_javascript_the_button_shows_the_preview_and_keeps_what_is_typed() -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).post(
        equipe.adresse("motifs:modifier_motif", equipe.motif.pk), {**APERCU, "nom": "Autre nom"}
    )

    assert reponse.status_code == 200
    assert "Autre nom" in _apercu(reponse)
    assert html.fromstring(reponse.content).get_element_by_id("id_nom").value == "Autre nom"
    assert "Modifier « Accompagnement individuel »" in texte(reponse)
    equipe.motif.refresh_from_db()
    assert equipe.motif.nom == "Accompagnement individuel"


def test_the_swap_equals_the_page_sent_whole() -> None:
    equipe = une_equipe()
    une_plage(equipe)
    client, adresse = connecte(equipe.admin), equipe.adresse("motifs:modifier_motif", equipe.motif.pk)
    page = client.post(adresse, APERCU)

    fragment = client.post(adresse, APERCU, headers={"HX-Request": "true"})

    assert page_apres_echange(page.content, fragment.content, "apercu") == page_rechargee(page.content)


def test_what_is_wrong_never_breaks_the_preview() -> None:
    equipe = une_equipe()
    client, adresse = connecte(equipe.admin), equipe.adresse("motifs:modifier_motif", equipe.motif.pk)

    for faux in ({"duree": "x"}, {"duree": "0"}, {"delai_max": "1800"}, {"type_lieu": "lune"}, {"nom": ""}):
        une_plage(equipe, frequence="unique")
        reponse = client.post(adresse, {**APERCU, **faux}, headers={"HX-Request": "true"})
        assert reponse.status_code == 200, faux


def test_on_rdv_solidarites_there_is_no_preview() -> None:
    equipe = une_equipe(solidarites=True)

    assert b'id="apercu"' not in connecte(equipe.admin).get(equipe.adresse("motifs:nouveau_motif")).content
