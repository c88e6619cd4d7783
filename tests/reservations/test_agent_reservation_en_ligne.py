"""The tab "Réservation en ligne"."""

from datetime import time, timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone
from lxml import html

from motifs.models import Motif
from tests.aides_agent import Equipe, connecte, messages_de, texte, une_equipe, une_plage
from tests.factories import MotifFactory
from tests.htmx import page_apres_echange, page_rechargee


def _page(equipe: Equipe) -> HttpResponse:
    return connecte(equipe.admin).get(equipe.adresse("reservations:reservation_en_ligne"))


def _ligne(reponse: HttpResponse, nom: str) -> str:
    for tr in html.fromstring(reponse.content).xpath("//tbody/tr"):
        lu = " ".join(tr.text_content().split())
        if lu.startswith(nom):
            return lu
    raise AssertionError(f"{nom} is not in the recap")


def _lien(reponse: HttpResponse, libelle: str) -> str:
    (lien,) = html.fromstring(reponse.content).xpath(f'//a[normalize-space()="{libelle}"]')
    return lien.get("href")


OUVRIR = "Ouvrir un motif à la réservation en ligne"
AJOUTER = "Ajouter des plages d'ouverture pour les motifs ouverts à la réservation en ligne"


@pytest.mark.django_db
def test_nothing_is_done_yet() -> None:
    equipe = une_equipe()

    reponse = _page(equipe)

    lu = texte(reponse)
    assert "○ à faire Aucun motif n'est ouvert." in lu
    assert "○ à faire Aucune plage d'ouverture en cours" in lu
    assert "Il sera prêt dès que les étapes 1 et 2 le seront." in lu
    champ = html.fromstring(reponse.content).get_element_by_id("lien")
    assert {"readonly", "disabled"} <= set(champ.attrib)
    assert html.fromstring(reponse.content).xpath("//button[@data-copier][@disabled]")
    assert "Voir comme un usager" not in lu
    assert _lien(reponse, OUVRIR) == f"{equipe.adresse('motifs:motifs')}?retour=reservation-en-ligne"
    assert "○ fermé" in _ligne(reponse, "Accompagnement individuel")


@pytest.mark.django_db
def test_without_any_motif_the_first_link_creates_one() -> None:
    equipe = une_equipe()
    equipe.motif.delete()

    assert _lien(_page(equipe), OUVRIR).startswith(equipe.adresse("motifs:nouveau_motif"))


@pytest.mark.django_db
def test_both_steps_done_the_link_is_ready() -> None:
    equipe = une_equipe()
    second = MotifFactory(structure=equipe.structure, nom="Téléphone", ouvert=True, telephone=True)
    Motif.objects.filter(pk=equipe.motif.pk).update(reservable_en_ligne=True)
    une_plage(equipe, motifs=[equipe.motif, second])
    une_plage(equipe, motifs=[equipe.motif], agent=equipe.basique)
    une_plage(equipe, motifs=[equipe.motif], premier_jour=timezone.localdate() - timedelta(days=9), frequence="unique")
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure)])

    reponse = _page(equipe)

    lu = texte(reponse)
    assert "● fait Vous avez 2 motifs ouverts." in lu
    assert "● fait Vous avez 2 plages d'ouverture pour ces motifs." in lu
    lien = f"http://testserver/r/{equipe.structure.lien}/"
    assert html.fromstring(reponse.content).get_element_by_id("lien").value == lien
    assert not html.fromstring(reponse.content).xpath("//button[@data-copier][@disabled]")
    assert _lien(reponse, AJOUTER) == (
        f"{equipe.adresse('plages:nouvelle_plage')}?motifs={equipe.motif.pk},{second.pk}&retour=reservation-en-ligne"
    )
    assert "● réservable Premier créneau : demain à 9 h" in _ligne(reponse, "Accompagnement individuel")


@pytest.mark.django_db
def test_a_link_for_prescripteurs_only_says_so() -> None:
    equipe = une_equipe()
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure, ouvert=True, ouvert_a="prescripteurs")])
    assert "les autres personnes n'y trouveront aucun créneau" in texte(_page(equipe))

    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure, ouvert=True)])
    assert "les autres personnes" not in texte(_page(equipe))


@pytest.mark.django_db
def test_the_notes_of_the_brief_are_there() -> None:
    lu = texte(_page(une_equipe()))

    assert "les horaires d'ouverture de votre structure n'y changent rien" in lu
    assert "24 heures" in lu


@pytest.mark.parametrize("role", ["admin", "basique"])
@pytest.mark.django_db
def test_on_rdv_solidarites_the_tab_does_not_exist(role: str) -> None:
    equipe = une_equipe(solidarites=True)
    client = connecte(getattr(equipe, role))

    assert client.get(equipe.adresse("reservations:reservation_en_ligne")).status_code == 404
    bascule = client.post(equipe.adresse("reservations:basculer_motif", equipe.motif.pk), {"action": "ouvrir"})
    assert bascule.status_code == 404
    assert "Réservation en ligne" not in client.get(equipe.adresse("motifs:motifs")).content.decode()
    equipe.motif.refresh_from_db()
    assert equipe.motif.reservable_en_ligne is False


@pytest.mark.django_db
def test_an_ordinary_agent_reads_without_buttons() -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:reservation_en_ligne"))

    assert html.fromstring(reponse.content).xpath("//tbody//button") == []


@pytest.mark.django_db
def test_opening_without_javascript_comes_back_to_the_tab_with_a_message() -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:basculer_motif", equipe.motif.pk)

    for action, etat in (("ouvrir", True), ("ouvrir", True), ("fermer", False)):
        reponse = client.post(adresse, {"action": action}, follow=True)
        onglet = equipe.adresse("reservations:reservation_en_ligne")
        assert reponse.redirect_chain == [(f"{onglet}?bascule={equipe.motif.pk}", 302)]
        equipe.motif.refresh_from_db()
        assert equipe.motif.reservable_en_ligne is etat
    assert "« Accompagnement individuel » est fermé à la réservation en ligne." in texte(reponse)


@pytest.mark.parametrize("action", ["", "autre"])
@pytest.mark.django_db
def test_an_unknown_action_does_nothing(action: str) -> None:
    equipe = une_equipe()
    Motif.objects.filter(pk=equipe.motif.pk).update(reservable_en_ligne=True)

    reponse = connecte(equipe.admin).post(
        equipe.adresse("reservations:basculer_motif", equipe.motif.pk), {"action": action}
    )

    assert reponse.status_code == 400
    equipe.motif.refresh_from_db()
    assert equipe.motif.reservable_en_ligne is True


@pytest.mark.django_db
def test_an_archived_motif_is_not_opened() -> None:
    equipe = une_equipe()
    archive = MotifFactory(structure=equipe.structure, archive_le=timezone.now())

    reponse = connecte(equipe.admin).post(
        equipe.adresse("reservations:basculer_motif", archive.pk), {"action": "ouvrir"}, follow=True
    )

    assert "restaurez-le" in messages_de(reponse)[0]
    archive.refresh_from_db()
    assert archive.reservable_en_ligne is False


@pytest.mark.parametrize("action", ["ouvrir", "fermer"])
@pytest.mark.django_db
def test_the_swap_equals_the_page_reloaded(action: str) -> None:
    equipe = une_equipe()
    Motif.objects.filter(pk=equipe.motif.pk).update(reservable_en_ligne=action == "fermer")
    une_plage(equipe)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:reservation_en_ligne")
    page = client.get(adresse)

    fragment = client.post(
        equipe.adresse("reservations:basculer_motif", equipe.motif.pk),
        {"action": action},
        headers={"HX-Request": "true"},
    )

    verbe = "ouvert" if action == "ouvrir" else "fermé"
    assert f"« Accompagnement individuel » est {verbe} à la réservation en ligne." in texte(fragment)
    rechargee = client.get(f"{adresse}?bascule={equipe.motif.pk}")
    assert page_apres_echange(page.content, fragment.content, "etat") == page_rechargee(rechargee.content)


@pytest.mark.django_db
def test_the_page_costs_the_same_for_one_or_thirty_motifs(django_assert_num_queries) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:reservation_en_ligne")
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure, ouvert=True)])
    client.get(adresse)

    with django_assert_num_queries(12):  # five for the buttons on the map
        client.get(adresse)
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure, ouvert=True, duree=300)])
    with django_assert_num_queries(16):  # a motif without créneau: the engine is asked why
        client.get(adresse)
    for rang in range(27):
        motif = MotifFactory(structure=equipe.structure, ouvert=True, duree=240 if rang % 2 else 60)
        une_plage(equipe, motifs=[motif], heure_debut=time(9 + rang % 3), frequence="unique")
    with django_assert_num_queries(16):
        assert len(client.get(adresse).context["etat"].lignes) == 30
