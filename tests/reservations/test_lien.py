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
from structures.models import Agent, AncienLien, Appartenance, Structure
from structures.services import fermer_lien, renouveler_lien
from tests.aides_agent import Equipe, connecte, demain, messages_de, texte, une_equipe, une_plage
from tests.factories import LieuFactory, MotifFactory

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
    valeurs = {
        "motif_id": equipe.motif.pk,
        "structure_id": equipe.structure.pk,
        "lieu_id": equipe.lieu.pk,
        "debut": datetime.combine(demain(), time(9), equipe.structure.tz),
        "visiteur": "v",
        "adresse": "192.0.2.1",
        "maintenant": timezone.now(),
    }
    return services.prendre_option(**(valeurs | champs))


def test_the_page_gives_the_link_in_every_form(equipe: Equipe) -> None:
    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:lien"))

    arbre = html.fromstring(reponse.content)
    lien = f"http://testserver/r/{equipe.structure.lien}/"
    assert arbre.get_element_by_id("lien").value == lien
    courriel = arbre.get_element_by_id("courriel").value
    assert lien in courriel
    assert "04 75 25 00 00" in courriel
    assert courriel.endswith("Basile Basique")
    assert {"#lien", "#courriel"} <= {b.get("data-copier") for b in arbre.xpath("//button[@data-copier]")}
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

    with django_assert_num_queries(8):
        client.get(adresse)
    for rang in range(29):
        AncienLien.objects.create(structure=equipe.structure, lien=f"vieux{rang}", remplace_le=timezone.now())
    with django_assert_num_queries(8):
        client.get(adresse)


# --- Narrower links -------------------------------------------------------------------------------------------------


def _mon_lien(equipe: Equipe) -> str:
    """Let the ordinary agent, who opens the afternoons, make the link to their slots; return its secret."""
    une_plage(equipe, agent=equipe.basique, heure_debut=time(14), heure_fin=time(16), titre="Après-midi")
    connecte(equipe.basique).post(equipe.adresse("reservations:mon_lien"))
    return Appartenance.objects.get(agent=equipe.basique).lien


def _heures(reponse: HttpResponse) -> set[str]:
    boutons = html.fromstring(reponse.content).xpath("//button[@name='debut']/@value")
    return {timezone.localtime(datetime.fromisoformat(b)).strftime("%H") for b in boutons}


def test_the_link_of_an_agent_shows_their_slots_only_and_their_name(equipe: Equipe) -> None:
    mien = _mon_lien(equipe)

    reponse = _publique(mien)

    assert _heures(reponse) == {"14", "15"}
    assert "Médiathèque de Crest · avec Basile Basique" in texte(reponse)
    assert _heures(_publique(equipe.structure.lien)) == {"09", "10", "11", "14", "15"}


def test_a_slot_of_another_agent_is_refused_by_an_agent_s_link_and_kept_theirs_when_taken_back(equipe: Equipe) -> None:
    mien = _mon_lien(equipe)
    page = f"/r/{mien}/motif/{equipe.motif.pk}/creneaux/"
    matin, tantot = (datetime.combine(demain(), time(h), equipe.structure.tz).isoformat() for h in (9, 14))
    visiteur = Client()

    refus = visiteur.post(page, {"debut": matin})
    assert "Ce créneau vient d'être pris." in texte(refus)
    visiteur.post(page, {"debut": tantot})
    demarche = Demarche.objects.get()
    assert demarche.rendez_vous.agent == equipe.basique

    # Their slot is lost to somebody, a colleague is free at that time: the colleague is not proposed instead.
    une_plage(equipe, heure_debut=time(14), heure_fin=time(16), titre="Aussi")
    demarche.rendez_vous.delete()
    autre = _option(equipe, agent_id=equipe.basique.pk, debut=datetime.fromisoformat(tantot))
    assert autre.rendez_vous.agent == equipe.basique
    reponse = visiteur.post(f"/reservation/{demarche.jeton}/reprendre/")
    assert "avec Basile Basique" in texte(reponse)
    changer = html.fromstring(reponse.content).xpath("//form/@action")
    assert any(action.startswith(page) for action in changer)


def test_an_agent_s_link_is_replaced_and_closed_and_the_old_one_says_so(equipe: Equipe) -> None:
    premier = _mon_lien(equipe)
    client, page = connecte(equipe.basique), equipe.adresse("reservations:mon_lien")
    client.post(page, {"action": "changer"})
    second = Appartenance.objects.get(agent=equipe.basique).lien

    assert _publique(premier).status_code == 410
    assert _publique(second).status_code == 200
    fermeture = client.post(page, {"action": "fermer"}, follow=True)
    assert messages_de(fermeture)[-1] == "Votre lien à vous est fermé. Celui de la structure reste."
    assert _publique(second).status_code == 410
    assert Appartenance.objects.get(agent=equipe.basique).lien is None
    assert _publique(equipe.structure.lien).status_code == 200


def test_the_structure_s_closed_link_closes_those_of_its_agents(equipe: Equipe) -> None:
    mien = _mon_lien(equipe)
    fermer_lien(structure=equipe.structure)
    assert _publique(mien).status_code == 404


def test_an_agent_whose_account_is_closed_has_no_link(equipe: Equipe) -> None:
    mien = _mon_lien(equipe)
    Agent.objects.filter(pk=equipe.basique.pk).update(is_active=False)
    assert _publique(mien).status_code == 404


def test_the_link_of_an_agent_who_left_says_so(equipe: Equipe) -> None:
    mien = _mon_lien(equipe)
    connecte(equipe.admin).post(equipe.adresse("reservations:retirer_agent", equipe.basique.pk), {"message": ""})
    assert not Appartenance.objects.filter(agent=equipe.basique).exists()

    reponse = _publique(mien)

    assert reponse.status_code == 410
    assert equipe.structure.nom in texte(reponse)


def test_the_link_of_a_lieu_shows_its_motifs_and_leads_to_its_slots(equipe: Equipe) -> None:
    annexe = LieuFactory(structure=equipe.structure, nom="Annexe")
    autre = MotifFactory(structure=equipe.structure, nom="Atelier photos", ouvert=True)
    une_plage(equipe, motifs=[equipe.motif, autre], lieu=annexe, heure_debut=time(14), heure_fin=time(16))
    seul = MotifFactory(structure=equipe.structure, nom="Démarches CAF", ouvert=True)
    une_plage(equipe, motifs=[seul], heure_debut=time(17), heure_fin=time(18))

    reponse = _publique(equipe.structure.lien, f"?lieu={annexe.pk}")

    cartes = html.fromstring(reponse.content).xpath("//li[@class='rdv-carte']//a")
    assert [carte.text for carte in cartes] == ["Accompagnement individuel", "Atelier photos"]
    assert "demain à 14 h" in texte(reponse)
    creneaux = Client().get(cartes[0].get("href"), follow=True)
    assert "Annexe, " in texte(creneaux)
    assert _heures(creneaux) == {"14", "15"}


@pytest.mark.parametrize("lieu", ["0", "abc", "ferme", "ailleurs", "vide"])
def test_a_lieu_that_offers_nothing_is_ignored(equipe: Equipe, lieu: str) -> None:
    MotifFactory(structure=equipe.structure, nom="Démarches CAF", ouvert=True)
    lieux = {
        "ferme": LieuFactory(structure=equipe.structure, ouvert=False).pk,
        "ailleurs": LieuFactory().pk,
        "vide": LieuFactory(structure=equipe.structure).pk,
    }
    reponse = _publique(equipe.structure.lien, f"?lieu={lieux.get(lieu, lieu)}")
    assert _heures(reponse) == {"09", "10", "11"}


def test_the_page_gives_the_narrower_links(equipe: Equipe) -> None:
    LieuFactory(structure=equipe.structure, nom="Annexe")
    mien = _mon_lien(equipe)
    arbre = html.fromstring(connecte(equipe.basique).get(equipe.adresse("reservations:lien")).content)
    racine = "http://testserver/r/"
    valeurs = [champ.value for champ in arbre.xpath("//details//input")]
    assert arbre.get_element_by_id("mon-lien").value == f"{racine}{mien}/"
    assert valeurs == [
        f"{racine}{equipe.structure.lien}/motif/{equipe.motif.pk}/",
        *(f"{racine}{equipe.structure.lien}/?lieu={lieu.pk}" for lieu in equipe.structure.lieux.order_by("nom")),
    ]
