"""The link to several structures or to a whole département: who makes it, what it compares, where it leads."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from cartographie.liens_de_territoire import renouveler_lien
from cartographie.models import LienDeTerritoire
from motifs.models import Public, TypeLieu
from structures.models import Plateforme, Structure
from tests.aides_agent import Equipe, connecte, demain, erreurs, messages_de, texte, une_equipe, une_plage
from tests.cartographie.aides_territoire import ecrire_territoire
from tests.factories import AppartenanceFactory, MotifFactory, StructureFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db

CREST, DIE, VALENCE = (44.7289, 5.0222), (44.7537, 5.3704), (44.9229, 4.9143)


def une_equipe_ouverte(salle: str, *, position: tuple[float, float] = CREST, dans: int = 0, **structure: Any) -> Equipe:
    """A structure with a free slot `dans` days after tomorrow at 9 h, in a place of that name."""
    equipe = une_equipe(**{"nom": f"Structure de {salle}", **structure})
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    equipe.lieu.nom, (equipe.lieu.latitude, equipe.lieu.longitude) = salle, position
    equipe.lieu.save()
    une_plage(equipe, premier_jour=demain() + timedelta(days=dans))
    return equipe


def un_lien(equipe: Equipe, **champs: Any) -> LienDeTerritoire:
    return LienDeTerritoire.objects.create(
        **{"structure": equipe.structure, "nom": "Drôme", "departement": "26", **champs}
    )


def lignes(reponse: HttpResponse) -> list[str]:
    """Return the places listed, or the structures."""
    assert reponse.status_code == 200
    return [a.text_content() for a in html.fromstring(reponse.content).xpath("//tbody//th/a")]


def adresse_des_liens(equipe: Equipe) -> str:
    return equipe.adresse("cartographie:liens_de_territoire")


# --- What it compares -----------------------------------------------------------------------------------------------


def test_the_soonest_comes_first_and_leads_to_the_prescribers_way(client: Client) -> None:
    tard, tot = une_equipe_ouverte("Tard", dans=3), une_equipe_ouverte("Tôt")

    reponse = client.get(f"/t/{un_lien(tard).jeton}/")

    assert lignes(reponse) == ["Tôt", "Tard"]
    lu = texte(reponse)
    assert "demain à 9 h Tôt, CrestStructure de Tôt Accompagnement individuel1 heure" in lu
    (adresse,) = html.fromstring(reponse.content).xpath("//tbody//th/a[. = 'Tôt']/@href")
    assert adresse == f"/p/{tot.structure.lien}/motif/{tot.motif.pk}/creneaux/?lieu={tot.lieu.pk}"
    assert "Tôt, 1 rue de la République" in texte(client.get(adresse))


def test_the_nearest_comes_first_once_a_commune_is_typed(client: Client) -> None:
    lien = un_lien(une_equipe_ouverte("À Die", position=DIE))
    une_equipe_ouverte("À Crest", position=CREST, dans=2)
    une_equipe_ouverte("À Valence", position=VALENCE, dans=1)

    pres = client.get(f"/t/{lien.jeton}/", {"ou": "Crest"})
    tot = client.get(f"/t/{lien.jeton}/", {"ou": "Crest", "ordre": "tot"})

    assert lignes(pres) == ["À Crest", "À Valence", "À Die"]
    assert "Le plus près de Crest" in texte(pres)
    assert "à 23 km" in texte(pres)
    assert lignes(tot) == ["À Die", "À Valence", "À Crest"]
    inconnue = client.get(f"/t/{lien.jeton}/", {"ou": "Trifouillis <b>"})
    assert "Nous ne connaissons pas « Trifouillis <b> »" in texte(inconnue)
    assert lignes(inconnue) == ["À Die", "À Valence", "À Crest"]


def test_what_is_not_in_a_place_is_one_row_a_structure(client: Client) -> None:
    equipe = une_equipe_ouverte("Salle")
    for type_lieu in (TypeLieu.TELEPHONE, TypeLieu.VISIO):
        une_plage(
            equipe, motifs=[MotifFactory(structure=equipe.structure, type_lieu=type_lieu, nom="Appel", ouvert=True)]
        )
    lien = un_lien(equipe)

    assert lignes(client.get(f"/t/{lien.jeton}/")) == ["Salle"]
    assert lignes(client.get(f"/t/{lien.jeton}/?genre=distance")) == ["Structure de Salle"]
    assert lignes(client.get(f"/t/{lien.jeton}/?genre=distance&ou=Crest")) == ["Structure de Salle"]


def test_a_motif_for_prescribers_only_is_there(client: Client) -> None:
    equipe = une_equipe_ouverte("Salle")
    equipe.motif.ouvert_a = Public.PRESCRIPTEURS
    equipe.motif.save()

    assert lignes(client.get(f"/t/{un_lien(equipe).jeton}/")) == ["Salle"]


def test_the_motif_is_searched_by_its_name(client: Client) -> None:
    lien = un_lien(une_equipe_ouverte("Salle"))
    autre = une_equipe_ouverte("Autre")
    autre.motif.nom = "Déclaration d'impôts"
    autre.motif.save()

    assert lignes(client.get(f"/t/{lien.jeton}/", {"motif": "declaration"})) == ["Autre"]
    rien = client.get(f"/t/{lien.jeton}/", {"motif": "zz\0<b>"})
    assert set(lignes(rien)) == {"Autre", "Salle"}  # what makes no sense is left out
    assert "Rien de libre pour « zz »" in texte(client.get(f"/t/{lien.jeton}/", {"motif": "zz"}))


@pytest.mark.parametrize(
    "absente",
    [{"lien_ferme": True}, {"plateforme": Plateforme.SOLIDARITES}, {"departement": "38"}],
    ids=["closed", "solidarites", "elsewhere"],
)
def test_a_structure_that_takes_no_booking_is_absent(client: Client, absente: dict[str, Any]) -> None:
    lien = un_lien(une_equipe_ouverte("Ici"))
    autre = une_equipe_ouverte("Ailleurs")
    autre.structure.motifs.update(reservable_en_ligne="plateforme" not in absente)
    Structure.objects.filter(pk=autre.structure.pk).update(**absente)

    assert lignes(client.get(f"/t/{lien.jeton}/")) == ["Ici"]


def test_a_list_holds_its_structures_alone(client: Client) -> None:
    ici, autre = une_equipe_ouverte("Ici"), une_equipe_ouverte("Là", departement="38", dans=1)
    une_equipe_ouverte("Pas choisie")
    lien = un_lien(ici, departement="")
    lien.structures.set([ici.structure, autre.structure])

    assert lignes(client.get(f"/t/{lien.jeton}/")) == ["Ici", "Là"]


def test_the_pages_follow_each_other(client: Client) -> None:
    structure = ecrire_territoire(timezone.now(), structures=7, lieux=5)[0]
    lien = LienDeTerritoire.objects.create(structure=structure, nom="Drôme", departement="26")

    for suite in ("", "&ou=Crest"):
        une, deux, loin = (lignes(client.get(f"/t/{lien.jeton}/?page={n}{suite}")) for n in ("1", "2", "999"))
        assert (len(une), len(deux)) == (30, 5)
        assert len({*une, *deux}) == 35
        assert loin == deux
    for page in ("x", "-1", "0", "²", "9" * 30):
        assert len(lignes(client.get(f"/t/{lien.jeton}/", {"page": page}))) == 30


def test_beyond_two_weeks_is_looked_for_when_needed(client: Client) -> None:
    lien = un_lien(une_equipe_ouverte("Dans un mois", dans=30))

    assert lignes(client.get(f"/t/{lien.jeton}/")) == ["Dans un mois"]
    assert lignes(client.get(f"/t/{lien.jeton}/?ou=Crest")) == ["Dans un mois"]


@pytest.mark.parametrize("suite", ["", "?ou=Crest", "?genre=distance"])
def test_the_list_costs_the_same_for_one_or_thirty_structures(client: Client, suite: str) -> None:
    structure = ecrire_territoire(timezone.now(), structures=1, lieux=1)[0]
    lien = LienDeTerritoire.objects.create(structure=structure, nom="Drôme", departement="26")
    couts = []
    for nombre in (0, 29):
        if nombre:
            ecrire_territoire(timezone.now(), structures=nombre, lieux=1)
        with CaptureQueriesContext(connection) as requetes:
            trouvees = lignes(client.get(f"/t/{lien.jeton}/{suite}"))
        assert len(trouvees) == 1 + nombre
        couts.append(len(requetes))
    assert couts[0] == couts[1] <= 5


@pytest.mark.parametrize("suite", ["?ou=Crest", "?motif=zz", "?genre=distance"])
def test_the_region_is_that_of_the_page_reloaded(client: Client, suite: str) -> None:
    lien = un_lien(une_equipe_ouverte("Salle"))
    adresse = f"/t/{lien.jeton}/"

    fragment = client.get(adresse + suite, headers={"HX-Request": "true"}).content
    depart = client.get(adresse + suite).content

    assert page_apres_echange(depart, fragment, "resultats") == page_rechargee(depart)
    assert b"<html" not in fragment


# --- Its life -------------------------------------------------------------------------------------------------------


def test_an_ordinary_agent_makes_a_link_to_the_departement(client: Client) -> None:
    equipe = une_equipe_ouverte("Salle")
    agent = connecte(equipe.basique)

    reponse = agent.post(adresse_des_liens(equipe), {"nom": "Toute la Drôme", "etendue": "departement"}, follow=True)

    assert messages_de(reponse) == ["Le lien « Toute la Drôme » est prêt."]
    lien = LienDeTerritoire.objects.get()
    assert (lien.departement, lien.cree_par, lien.structure) == ("26", equipe.basique, equipe.structure)
    assert f"http://testserver/t/{lien.jeton}/" in reponse.content.decode()
    assert lignes(client.get(f"/t/{lien.jeton}/")) == ["Salle"]


def test_a_list_is_chosen_among_the_departement_and_ones_own_structures() -> None:
    equipe, voisine = une_equipe(), StructureFactory(nom="Voisine")
    mienne, loin = StructureFactory(nom="La mienne", departement="38"), StructureFactory(nom="Loin", departement="38")
    StructureFactory(nom="Sur RDV Solidarités", solidarites=True)
    AppartenanceFactory(agent=equipe.admin, structure=mienne)
    client = connecte(equipe.admin)
    choix = [str(s) for s in client.get(adresse_des_liens(equipe)).context["form"].fields["structures"].queryset]
    assert choix == ["La mienne", "Médiathèque de Crest", "Voisine"]

    refus = client.post(
        adresse_des_liens(equipe), {"nom": "Deux", "etendue": "structures", "structures": [voisine.pk, loin.pk]}
    )
    assert list(erreurs(refus)) == ["structures"]
    client.post(
        adresse_des_liens(equipe), {"nom": "Deux", "etendue": "structures", "structures": [voisine.pk, mienne.pk]}
    )
    lien = LienDeTerritoire.objects.get()
    assert lien.departement == ""
    assert set(lien.structures.all()) == {voisine, mienne}


def test_what_is_missing_is_said_beside_its_field_and_what_was_typed_stays() -> None:
    equipe = une_equipe()
    un_lien(equipe, nom="Vallée")
    client = connecte(equipe.admin)
    for donnees, attendu in (
        ({"nom": ""}, {"nom", "etendue"}),
        ({"nom": " \t", "etendue": "departement"}, {"nom"}),
        ({"nom": "VALLÉE", "etendue": "departement"}, {"nom"}),
        ({"nom": "Liste", "etendue": "structures"}, {"structures"}),
        ({"nom": "Liste", "etendue": "pays"}, {"etendue"}),
    ):
        reponse = client.post(adresse_des_liens(equipe), donnees)
        assert set(erreurs(reponse)) == attendu
        assert donnees.get("nom", "").strip() in reponse.content.decode()
    assert LienDeTerritoire.objects.count() == 1


def test_without_a_departement_known_only_a_list_is_proposed() -> None:
    equipe = une_equipe(departement="")

    form = connecte(equipe.admin).get(adresse_des_liens(equipe)).context["form"]

    assert [valeur for valeur, _ in form.fields["etendue"].choices] == ["structures"]
    assert list(form.fields["structures"].queryset) == [equipe.structure]


def test_a_closed_link_says_so_until_it_is_open_again(client: Client) -> None:
    equipe = une_equipe_ouverte("Salle")
    lien, agent = un_lien(equipe), connecte(equipe.admin)
    adresse = equipe.adresse("cartographie:changer_lien_de_territoire", lien.pk)

    agent.post(adresse, {"action": "fermer"})
    ferme = client.get(f"/t/{lien.jeton}/")
    assert ferme.status_code == 404
    assert "Ce lien est fermé" in texte(ferme)
    assert "04 75 25 00 00" in texte(ferme)
    assert f"/t/{lien.jeton}/" not in agent.get(adresse_des_liens(equipe)).content.decode()
    agent.post(adresse, {"action": "rouvrir"})
    assert lignes(client.get(f"/t/{lien.jeton}/")) == ["Salle"]
    assert agent.post(adresse, {"action": "supprimer"}).status_code == 400


def test_a_renewed_link_has_another_address_once(client: Client) -> None:
    equipe = une_equipe_ouverte("Salle")
    lien, agent = un_lien(equipe), connecte(equipe.admin)
    ancien, adresse = lien.jeton, equipe.adresse("cartographie:changer_lien_de_territoire", lien.pk)

    for _ in range(2):  # a double click
        agent.post(adresse, {"action": "renouveler", "jeton": ancien})
    lien.refresh_from_db()

    assert lien.jeton != ancien
    assert not renouveler_lien(lien=lien, jeton=ancien, maintenant=timezone.now())
    remplace = client.get(f"/t/{ancien}/")
    assert remplace.status_code == 410
    assert "Ce lien a été remplacé" in texte(remplace)
    assert lien.jeton not in remplace.content.decode()
    assert lignes(client.get(f"/t/{lien.jeton}/")) == ["Salle"]
    assert client.get("/t/inconnu/").status_code == 404


def test_the_list_of_links_costs_the_same_for_one_or_thirty() -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    couts = []
    for nombre in (1, 29):
        for rang in range(nombre):
            un_lien(equipe, nom=f"{nombre}-{rang}", cree_par=equipe.admin, departement="").structures.add(
                equipe.structure
            )
        with CaptureQueriesContext(connection) as requetes:
            client.get(adresse_des_liens(equipe))
        couts.append(len(requetes))
    assert couts[0] == couts[1]


def test_there_is_none_on_rdv_solidarites() -> None:
    equipe = une_equipe(solidarites=True)

    assert connecte(equipe.admin).get(adresse_des_liens(equipe)).status_code == 404
