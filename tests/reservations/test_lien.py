"""The booking link: given away, renewed, closed and opened again."""

from datetime import datetime, time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from lxml import etree, html

from motifs.models import Motif
from reservations import services
from reservations.models import Demarche, Statut
from reservations.refus import MotifFerme
from structures.models import AncienLien, Structure
from structures.services import fermer_lien, renouveler_lien
from tests.aides_agent import Equipe, connecte, demain, messages_de, texte, une_equipe, une_plage

pytestmark = pytest.mark.django_db


@pytest.fixture
def equipe() -> Equipe:
    equipe = une_equipe()
    Motif.objects.filter(pk=equipe.motif.pk).update(reservable_en_ligne=True)
    une_plage(equipe)
    return equipe


def _publique(lien: str, suite: str = "") -> HttpResponse:
    return Client().get(f"/r/{lien}/{suite}", follow=True)


def _option(equipe: Equipe, **champs: Any) -> Demarche:
    return services.prendre_option(
        motif_id=equipe.motif.pk,
        structure_id=equipe.structure.pk,
        lieu_id=equipe.lieu.pk,
        debut=datetime.combine(demain(), time(9), equipe.structure.tz),
        visiteur="v",
        adresse="192.0.2.1",
        maintenant=timezone.now(),
        **champs,
    )


def test_the_page_gives_the_link_in_every_form(equipe: Equipe) -> None:
    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:lien"))

    arbre = html.fromstring(reponse.content)
    lien = f"http://testserver/r/{equipe.structure.lien}/"
    assert arbre.get_element_by_id("lien").value == lien
    courriel = arbre.get_element_by_id("courriel").value
    assert lien in courriel
    assert "04 75 25 00 00" in courriel
    assert courriel.endswith("Basile Basique")
    assert {b.get("data-copier") for b in arbre.xpath("//button[@data-copier]")} == {"#lien", "#courriel"}
    assert arbre.xpath("//a[starts-with(., 'Voir comme un usager')]/@href") == [lien]
    assert "Changer le lien" not in texte(reponse)


def test_the_qr_code_is_drawn_by_the_server(equipe: Equipe) -> None:
    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:qr_code"))

    assert reponse["Content-Type"] == "image/svg+xml"
    dessin = etree.fromstring(reponse.content)
    assert dessin.tag == "{http://www.w3.org/2000/svg}svg"
    # A drawing only: neither script nor style, which the pages' CSP would refuse.
    assert {element.tag.rpartition("}")[2] for element in dessin.iter()} == {"svg", "path"}
    autre = connecte(equipe.basique).get(equipe.adresse("reservations:qr_code")).content
    assert autre == reponse.content
    renouveler_lien(structure=equipe.structure, lien=equipe.structure.lien, maintenant=timezone.now())
    assert connecte(equipe.basique).get(equipe.adresse("reservations:qr_code")).content != autre


def test_the_poster_says_who_where_and_how(equipe: Equipe) -> None:
    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:affiche"))

    lu = texte(reponse)
    for mot in ("Médiathèque de Crest", "Salle numérique", "26400 Crest", equipe.structure.lien, "04 75 25 00 00"):
        assert mot in lu
    arbre = html.fromstring(reponse.content)
    assert arbre.xpath("//main//img/@src") == [equipe.adresse("reservations:qr_code")]
    assert arbre.xpath("//nav") == []
    assert arbre.xpath("//main//script | //main//*[@style] | //main//style") == []


def test_the_page_says_when_the_link_leads_nowhere(equipe: Equipe) -> None:
    Motif.objects.update(reservable_en_ligne=False)

    assert "ne propose encore aucun rendez-vous" in texte(
        connecte(equipe.admin).get(equipe.adresse("reservations:lien"))
    )


def test_renewing_the_link_asks_first_then_tells_the_holders_of_the_old_one(equipe: Equipe) -> None:
    client, ancien = connecte(equipe.admin), equipe.structure.lien
    adresse = equipe.adresse("reservations:renouveler_lien")
    page = client.get(adresse)
    assert "Renouveler votre lien ?" in texte(page)
    assert Structure.objects.get(pk=equipe.structure.pk).lien == ancien

    (formulaire,) = html.fromstring(page.content).xpath("//main//form")
    reponse = client.post(adresse, dict(formulaire.form_values()), follow=True)

    assert messages_de(reponse) == ["Votre lien est renouvelé. L'ancien ne permet plus de réserver."]
    nouveau = Structure.objects.get(pk=equipe.structure.pk).lien
    assert nouveau != ancien
    assert _publique(nouveau).status_code == 200
    for suite in ("", f"motif/{equipe.motif.pk}/", f"motif/{equipe.motif.pk}/creneaux/"):
        reponse = _publique(ancien, suite)
        assert reponse.status_code == 410
        assert "Ce lien a été remplacé" in texte(reponse)
        assert "04 75 25 00 00" in texte(reponse)
        assert nouveau not in reponse.content.decode()  # the point of renewing is that its holders do not get it


def test_renewing_twice_with_the_same_page_renews_once(equipe: Equipe) -> None:
    client, ancien = connecte(equipe.admin), equipe.structure.lien
    adresse = equipe.adresse("reservations:renouveler_lien")

    client.post(adresse, {"lien": ancien})
    nouveau = Structure.objects.get(pk=equipe.structure.pk).lien
    reponse = client.post(adresse, {"lien": ancien}, follow=True)

    assert messages_de(reponse)[-1:] == ["Votre lien avait déjà été renouvelé : voici le nouveau."]
    assert Structure.objects.get(pk=equipe.structure.pk).lien == nouveau
    assert AncienLien.objects.count() == 1


def test_an_old_link_of_rdv_solidarites_says_nothing() -> None:
    equipe = une_equipe(solidarites=True)
    AncienLien.objects.create(structure=equipe.structure, lien="vieux", remplace_le=timezone.now())

    assert _publique("vieux").status_code == 404
    for nom in ("lien", "qr_code", "affiche", "renouveler_lien", "fermer_lien", "rouvrir_lien"):
        assert connecte(equipe.admin).get(equipe.adresse(f"reservations:{nom}")).status_code == 404


def test_closing_asks_first_and_the_public_pages_say_it_politely(equipe: Equipe) -> None:
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:fermer_lien")
    assert "Fermer votre lien pour un temps ?" in texte(client.get(adresse))
    assert _publique(equipe.structure.lien).status_code == 200

    reponse = client.post(adresse, follow=True)

    assert "Votre lien est fermé" in messages_de(reponse)[0]
    for suite in ("", f"motif/{equipe.motif.pk}/creneaux/"):
        reponse = _publique(equipe.structure.lien, suite)
        assert reponse.status_code == 404
        assert "La réservation en ligne est fermée pour le moment" in texte(reponse)
        assert "04 75 25 00 00" in texte(reponse)


def test_the_closed_link_is_the_reason_until_the_link_offered_opens_it_again(equipe: Equipe) -> None:
    fermer_lien(structure=equipe.structure)
    client = connecte(equipe.admin)
    page = client.get(equipe.adresse("reservations:reservation_en_ligne"))
    assert "fermée pour toute la structure" in texte(page)
    assert html.fromstring(page.content).xpath("//button[@data-copier][@disabled]")
    liens = set(html.fromstring(page.content).xpath("//main//a[starts-with(., 'Rouvrir le lien')]/@href"))
    assert liens == {equipe.adresse("reservations:rouvrir_lien")}

    reponse = client.post(liens.pop(), follow=True)

    assert messages_de(reponse) == ["Votre lien est rouvert."]
    assert "● réservable" in texte(reponse)
    assert _publique(equipe.structure.lien).status_code == 200


def test_a_closed_link_refuses_an_option_and_a_confirmation(equipe: Equipe) -> None:
    demarche = _option(equipe)
    Demarche.objects.filter(pk=demarche.pk).update(
        prenom="Jeanne", nom="Martin", courriel="j@exemple.fr", contact_verifie="j@exemple.fr"
    )
    fermer_lien(structure=equipe.structure)

    with pytest.raises(MotifFerme):
        services.confirmer(demarche=demarche, maintenant=timezone.now())
    with pytest.raises(MotifFerme):
        _option(equipe)

    demarche.rendez_vous.refresh_from_db()
    assert demarche.rendez_vous.statut == Statut.OPTION
    fermer_lien(structure=equipe.structure, ferme=False)
    assert services.confirmer(demarche=demarche, maintenant=timezone.now()).statut == Statut.PREVU


def test_the_page_costs_the_same_whatever_the_number_of_old_links(equipe: Equipe, django_assert_num_queries) -> None:
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:lien")
    client.get(adresse)

    with django_assert_num_queries(7):
        client.get(adresse)
    for rang in range(29):
        AncienLien.objects.create(structure=equipe.structure, lien=f"vieux{rang}", remplace_le=timezone.now())
    with django_assert_num_queries(7):
        client.get(adresse)
