"""The waiting list on the pages: asking, answering, from a rendez-vous, and what the agents see of it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from motifs.models import Motif
from reservations.attente import proposer_places
from reservations.models import Attente, EnvoiDeCode, Message, RendezVous, Statut
from structures.models import Structure
from tests.aides_agent import connecte
from tests.factories import AppartenanceFactory, MotifFactory
from tests.reservations.aides_attente import MINUTE, UN_JOUR, liberer, un_monde_plein, une_attente
from tests.reservations.aides_parcours import (
    IDENTITE,
    LUNDI_8H,
    MARDI_9H,
    Monde,
    arbre,
    autre_code,
    code_recu,
    page_des_creneaux,
    reserver,
    texte,
    un_monde,
    une_plage,
)
from tests.reservations.test_anglais import lu

pytestmark = pytest.mark.django_db

PREVENEZ_MOI = "Prévenez-moi si une place se libère"


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


def page(nom: str, jeton: str) -> str:
    return reverse(f"reservations:{nom}", args=[jeton])


def page_pour_demander(monde: Monde) -> str:
    return reverse("reservations:attendre", args=[monde.structure.lien, monde.motif.pk])


def lien_nomme(reponse, debut: str) -> str | None:
    """The address of the first link whose words begin so."""
    liens = [a for a in arbre(reponse).xpath("//main//a") if " ".join(a.text_content().split()).startswith(debut)]
    return liens[0].get("href") if liens else None


def une_offre(**champs) -> tuple[Monde, Attente]:
    monde, pris = un_monde_plein(**champs)
    ana = une_attente(monde)
    liberer(pris)
    assert proposer_places(maintenant=LUNDI_8H) == 1
    return monde, ana


# --- Asking -------------------------------------------------------------------------------------------------------


def test_when_nothing_is_free_one_asks_to_be_told_gives_a_code_and_is_on_the_list(client):
    monde, _ = un_monde_plein()
    adresse = lien_nomme(client.get(page_des_creneaux(monde)), PREVENEZ_MOI)
    assert "Dans ce lieu : Salle numérique" in texte(client.get(adresse))

    envoi = client.post(adresse, IDENTITE)
    ana = Attente.objects.get()
    assert (envoi.status_code, envoi["Location"]) == (302, page("attente_code", ana.jeton))
    assert "Vous n'êtes pas encore sur la liste" in texte(client.get(envoi["Location"]))
    assert "n'est pas le bon code" in texte(client.post(envoi["Location"], {"code": autre_code(code_recu())}))
    fin = client.post(envoi["Location"], {"code": code_recu()}, follow=True)

    lu = texte(fin)
    assert "Nous vous écrirons si une place se libère. Cela ne remplace pas un rendez-vous." in lu
    assert "à jeanne@exemple.fr, jusqu'au 23 février 2027, une fois par jour au plus" in lu
    assert Attente.objects.actives(LUNDI_8H).get() == ana


def test_the_first_page_leads_there_too(client):
    monde, _ = un_monde_plein()
    autre = MotifFactory(structure=monde.structure, ouvert=True)
    une_plage(monde, motifs=[autre])

    reponse = client.get(reverse("reservations:choix_motif", args=[monde.structure.lien]))
    suite = client.get(lien_nomme(reponse, PREVENEZ_MOI), follow=True)

    assert lien_nomme(suite, PREVENEZ_MOI) == f"{page_pour_demander(monde)}?lieu={monde.lieu.pk}"


@pytest.mark.parametrize(("jours", "propose"), [(0, False), (3, True)])
def test_sooner_is_proposed_when_the_first_time_is_far(client, jours, propose):
    monde = un_monde(ouvrir=False)
    une_plage(monde, premier_jour=MARDI_9H.date() + jours * UN_JOUR)

    assert ("Cela fait loin ?" in texte(client.get(page_des_creneaux(monde)))) is propose


def test_a_structure_may_have_no_list(client):
    monde, _ = un_monde_plein(structure={"liste_d_attente": False})

    assert lien_nomme(client.get(page_des_creneaux(monde)), PREVENEZ_MOI) is None
    assert client.post(page_pour_demander(monde), IDENTITE).status_code == 302
    assert not Attente.objects.exists()


@pytest.mark.parametrize(
    ("champs", "dit"),
    [
        ({"prenom": ""}, "Écrivez votre prénom."),
        ({"courriel": "jeanne@"}, "Cette adresse e-mail n'est pas complète."),
        ({"site": "https://exemple.fr"}, "vous n'êtes pas un robot"),
    ],
)
def test_what_is_typed_wrong_is_said_and_kept(client, champs, dit):
    monde, _ = un_monde_plein()

    reponse = client.post(page_pour_demander(monde), {**IDENTITE, **champs})

    assert reponse.status_code == 200
    assert dit in texte(reponse)
    assert arbre(reponse).xpath("//input[@name='nom']/@value") == ["Martin"]
    assert not Message.objects.exists()


def test_codes_are_limited_as_for_a_booking(client):
    monde, _ = un_monde_plein()
    for _ in range(5):
        client.post(page_pour_demander(monde), IDENTITE)

    assert "Trop de codes ont été demandés" in texte(client.post(page_pour_demander(monde), IDENTITE))
    assert (Attente.objects.count(), EnvoiDeCode.objects.count()) == (5, 5)


def test_a_double_click_sends_one_code_and_another_contact_another_one(client):
    monde, _ = un_monde_plein()
    jeton = arbre(client.get(page_pour_demander(monde))).xpath("//input[@name='jeton']/@value")[0]
    envoi = {**IDENTITE, "jeton": jeton}

    codes = {client.post(page_pour_demander(monde), envoi)["Location"] for _ in range(2)}
    assert codes == {page("attente_code", jeton)}
    client.post(page_pour_demander(monde), {**envoi, "nom": "Martinez"})
    assert (Attente.objects.get().nom, EnvoiDeCode.objects.count()) == ("Martinez", 1)

    suite = client.post(page_pour_demander(monde), {**envoi, "courriel": "autre@exemple.fr"})
    assert "autre@exemple.fr" in texte(client.get(suite["Location"]))
    assert EnvoiDeCode.objects.count() == 2


def test_another_code_may_be_asked(client):
    monde, _ = un_monde_plein()
    client.post(page_pour_demander(monde), IDENTITE)
    adresse = page("attente_code", Attente.objects.get().jeton)

    for _ in range(4):
        Attente.objects.update(code_expire_a=LUNDI_8H + 5 * MINUTE)  # else it would be a double click
        assert "Un nouveau code vient de partir" in texte(client.post(adresse, {"action": "renvoyer"}, follow=True))
    Attente.objects.update(code_expire_a=LUNDI_8H + 5 * MINUTE)
    assert "Trop de codes" in texte(client.post(adresse, {"action": "renvoyer"}, follow=True))
    client.post(adresse, {"code": code_recu()})
    assert Attente.objects.actives(LUNDI_8H).exists()


def test_too_many_lists_is_said_after_the_code_only(client):
    monde, _ = un_monde_plein()
    for n in range(3):
        autre = MotifFactory(structure=monde.structure, ouvert=True)
        une_attente(monde, f"Autre{n}", motif=autre, courriel=IDENTITE["courriel"])
    assert client.post(page_pour_demander(monde), IDENTITE).status_code == 302
    adresse = page("attente_code", Attente.objects.get(inscrite_le=None).jeton)

    assert "3 rendez-vous différents" in texte(client.post(adresse, {"code": code_recu()}))
    assert Attente.objects.actives(LUNDI_8H).count() == 3

    # Another code would change nothing: none is sent, and why is said again.
    renvoi = client.post(adresse, {"action": "renvoyer"})
    assert "3 rendez-vous différents" in texte(renvoi)
    assert EnvoiDeCode.objects.count() == 1


@pytest.mark.parametrize(
    ("motif", "attendu"), [("ferme", "choix_motif"), ("sans_lieu", "choix_lieu"), ("ailleurs", "choix_motif")]
)
def test_an_address_that_names_nothing_leads_back(client, motif, attendu):
    monde, _ = un_monde_plein()
    if motif == "ferme":
        monde.motif.reservable_en_ligne = False
        monde.motif.save()
    if motif == "sans_lieu":
        monde.structure.plages.all().delete()
    motif_id = MotifFactory(ouvert=True).pk if motif == "ailleurs" else monde.motif.pk

    reponse = client.get(reverse("reservations:attendre", args=[monde.structure.lien, motif_id]))

    arguments = [monde.structure.lien] + ([monde.motif.pk] if attendu == "choix_lieu" else [])
    assert reponse["Location"] == reverse(f"reservations:{attendu}", args=arguments)


# --- Answering ----------------------------------------------------------------------------------------------------


def test_the_place_is_said_and_reading_the_page_takes_nothing(client):
    _, ana = une_offre()

    for _ in range(2):  # a mail scanner first
        reponse = client.get(page("attente", ana.jeton))

    lu = texte(reponse)
    assert "Mardi 24 novembre à 9 h . Cette place est gardée pour vous jusqu'à 8 h 30 ." in lu.replace(
        "h.", "h ."
    ).replace("30.", "30 .")
    assert "Ce n'est pas encore un rendez-vous" in lu
    assert reponse["X-Robots-Tag"] == "noindex"
    assert RendezVous.objects.filter(statut=Statut.OPTION).count() == 1
    assert not RendezVous.objects.filter(statut=Statut.PREVU).exists()


def test_taking_it_leads_to_the_confirmation_and_so_does_the_link_afterwards():
    _, ana = une_offre()
    client, adresse = Client(enforce_csrf_checks=True), page("attente", ana.jeton)
    assert client.post(adresse, {"action": "prendre"}).status_code == 403
    jeton = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(adresse).content.decode())[1]

    reponse = client.post(adresse, {"action": "prendre", "csrfmiddlewaretoken": jeton}, follow=True)

    assert "✔ Votre rendez-vous est confirmé Nous envoyons une confirmation à ana@exemple.fr." in texte(reponse)
    obtenu = RendezVous.objects.get(statut=Statut.PREVU)
    assert Client().get(adresse)["Location"] == page("rendez_vous_public", obtenu.jeton)


def test_instructions_are_read_and_ticked_on_the_same_page(client):
    _, ana = une_offre(instructions_a_accepter="Venez avec vos papiers.")
    adresse = page("attente", ana.jeton)
    assert "Venez avec vos papiers." in texte(client.get(adresse))

    oubli = client.post(adresse, {"action": "prendre", "texte": "Venez avec vos papiers."})
    assert "Cochez cette case pour continuer." in texte(oubli)
    ancien = client.post(adresse, {"action": "prendre", "texte": "Hier", "accepte": "on"}, follow=True)
    assert "Les instructions viennent de changer." in texte(ancien)
    assert not RendezVous.objects.filter(statut=Statut.PREVU).exists()
    client.post(adresse, {"action": "prendre", "texte": "Venez avec vos papiers.", "accepte": "on"})

    participation = RendezVous.objects.get(statut=Statut.PREVU).participations.get()
    assert (participation.instructions, participation.instructions_acceptees_le) == (
        "Venez avec vos papiers.",
        LUNDI_8H,
    )


def test_too_late_it_says_so_and_what_to_do(client, horloge):
    monde, ana = une_offre()
    horloge.append(LUNDI_8H + 31 * MINUTE)

    reponse = client.post(page("attente", ana.jeton), {"action": "prendre"}, follow=True)

    lu = texte(reponse)
    assert "Cette place n'est plus gardée pour vous : vous ne l'avez pas prise." in lu
    assert "La place du mardi 24 novembre à 9 h n'est plus gardée pour vous." in lu
    assert "Vous êtes sur la liste" in lu
    assert lien_nomme(reponse, "Voir les créneaux") == f"{page_des_creneaux(monde)}?lieu={monde.lieu.pk}"
    assert not RendezVous.objects.filter(statut=Statut.PREVU).exists()


def test_no_thanks_keeps_on_the_list(client):
    _, ana = une_offre()

    reponse = client.post(page("attente", ana.jeton), {"action": "laisser"}, follow=True)

    assert "Vous restez sur la liste" in texte(reponse)
    assert not RendezVous.objects.filter(statut=Statut.OPTION).exists()
    assert Attente.objects.actives(LUNDI_8H).get() == ana


def test_a_place_taken_in_another_tab_stays_taken(client):
    _, ana = une_offre()
    adresse = page("attente", ana.jeton)
    client.post(adresse, {"action": "prendre"})
    obtenu = RendezVous.objects.get(statut=Statut.PREVU)

    assert "✔ Votre rendez-vous est confirmé" in texte(client.post(adresse, {"action": "prendre"}, follow=True))
    lu = texte(client.post(adresse, {"action": "laisser"}, follow=True))

    assert "Vous restez sur la liste" not in lu
    assert RendezVous.objects.get(statut=Statut.PREVU) == obtenu


@pytest.mark.parametrize("comment", ["quitter", "annuler"])
def test_off_the_list_nothing_is_said_to_be_moved(client, comment):
    monde, pris = un_monde_plein()
    une_plage(monde, frequence="unique", jours=[], premier_jour=MARDI_9H.date() + 7 * UN_JOUR, de=9, a=10)
    sien = reserver(client, monde, MARDI_9H + 7 * UN_JOUR)
    client.post(page("attendre_plus_tot", sien.jeton))
    adresse = page("attente", Attente.objects.get().jeton)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    if comment == "quitter":
        client.post(adresse, {"action": "quitter"})
    else:
        client.post(page("annuler_rendez_vous", sien.jeton))
        proposer_places(maintenant=LUNDI_8H)

    lu = texte(client.post(adresse, {"action": "prendre"}, follow=True))

    assert "est déplacé" not in lu
    assert "vous ne l'avez pas prise" in lu
    sien.refresh_from_db()
    assert sien.debut == MARDI_9H + 7 * UN_JOUR


@pytest.mark.parametrize(
    ("modele", "champs", "dit"),
    [
        (Structure, {"liste_d_attente": False}, "ne prévient pas quand une place se libère."),
        (Motif, {"reservable_en_ligne": False}, "ne se réserve plus en ligne pour le moment."),
    ],
)
def test_nobody_is_promised_a_message_that_nobody_will_write(client, modele, champs, dit):
    monde, _ = un_monde_plein()
    adresse = page("attente", une_attente(monde).jeton)
    assert "Nous vous écrirons" in texte(client.get(adresse))
    modele.objects.update(**champs)

    lu = texte(client.get(adresse))

    assert dit in lu
    assert "Nous vous écrirons" not in lu
    assert Attente.objects.actives(LUNDI_8H).exists()


def test_leaving_the_list(client):
    _, ana = une_offre()

    reponse = client.post(page("attente", ana.jeton), {"action": "quitter"}, follow=True)

    assert reponse.status_code == 410
    assert "Vous n'êtes plus sur la liste" in texte(reponse)
    assert not RendezVous.objects.filter(statut=Statut.OPTION).exists()
    suite = client.post(page("attente", ana.jeton), {"action": "prendre"}, follow=True)
    assert "n'est plus gardée" in texte(suite)


def test_a_link_that_nobody_has_says_the_same(client):
    reponse = client.get(page("attente", "x" * 22))

    assert reponse.status_code == 404
    assert "Vous n'êtes plus sur la liste" in texte(reponse)
    assert client.post(page("attente", "x" * 22), {"action": "prendre"}).status_code == 404
    assert client.post(page("attente_code", "x" * 22), {"code": "123456"}).status_code == 404


def test_whoever_did_not_prove_their_contact_is_led_to_the_code(client):
    monde, _ = un_monde_plein()
    ana = une_attente(monde, inscrite_le=None, contact_verifie="")

    for methode in (client.get, client.post):
        assert methode(page("attente", ana.jeton))["Location"] == page("attente_code", ana.jeton)


# --- From a rendez-vous -------------------------------------------------------------------------------------------


def test_from_a_rendez_vous_to_a_sooner_one(client):
    monde, pris = un_monde_plein()
    une_plage(monde, frequence="unique", jours=[], premier_jour=MARDI_9H.date() + 7 * UN_JOUR, de=9, a=10)
    sien = reserver(client, monde, MARDI_9H + 7 * UN_JOUR)
    client, sa_page = Client(), page("rendez_vous_public", sien.jeton)
    adresse = lien_nomme(client.get(sa_page), PREVENEZ_MOI)
    assert "Votre rendez-vous est mardi 1er décembre à 9 h. Vous le gardez en attendant." in texte(client.get(adresse))
    assert not Attente.objects.exists()

    lu = texte(client.post(adresse, follow=True))
    assert "En attendant, vous gardez votre rendez-vous du mardi 1er décembre à 9 h." in lu
    assert lien_nomme(client.get(sa_page), "Voir ou arrêter") == page("attente", Attente.objects.get().jeton)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    offre = client.get(page("attente", Attente.objects.get().jeton))
    assert "À la place devotre rendez-vous du mardi 1er décembre à 9 h" in texte(offre)
    reponse = client.post(page("attente", Attente.objects.get().jeton), {"action": "prendre"}, follow=True)

    assert "✔ Votre rendez-vous est déplacé" in texte(reponse)
    sien.refresh_from_db()
    assert (sien.debut, RendezVous.objects.filter(statut=Statut.PREVU).count()) == (MARDI_9H, 1)


def test_when_a_sooner_time_is_free_already_the_page_shows_it(client):
    monde = un_monde()
    sien = reserver(client, monde, MARDI_9H + 7 * UN_JOUR)
    adresse = page("attendre_plus_tot", sien.jeton)

    reponse = client.get(adresse)
    assert "Une place plus tôt est déjà libre" in texte(reponse)
    assert lien_nomme(reponse, "Voir les places libres") == page("deplacer_rendez_vous", sien.jeton)
    refus = client.post(adresse, follow=True)
    assert "Des places plus tôt sont déjà libres." in texte(refus)
    assert not Attente.objects.exists()


def test_a_rendez_vous_too_near_has_no_such_link(client):
    monde = un_monde()
    sien = reserver(client, monde, MARDI_9H)

    assert lien_nomme(client.get(page("rendez_vous_public", sien.jeton)), PREVENEZ_MOI) is None
    assert "trop tard" in texte(client.get(page("attendre_plus_tot", sien.jeton), follow=True))


def test_all_of_it_in_english_too(client, horloge, settings):
    settings.SMS_FOURNISSEUR = "console"
    client.cookies["langue"] = "en"
    monde, pris = un_monde_plein(structure={"nom": "Crest"}, instructions_a_accepter="Venez avec vos papiers.")
    assert "Tell me if a time becomes free" in lu(client.get(page_des_creneaux(monde)))
    assert "does not replace an appointment" in lu(client.get(page_pour_demander(monde)))
    assert "First name" in lu(client.post(page_pour_demander(monde), {}))
    attendu = client.post(page_pour_demander(monde), IDENTITE, follow=True)
    assert "You are not on the list yet" in lu(attendu)
    jeanne = Attente.objects.get()
    assert "until 23 February 2027" in lu(
        client.post(page("attente_code", jeanne.jeton), {"code": code_recu()}, follow=True)
    )
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    adresse = page("attente", jeanne.jeton)
    assert "This time is held for you until 8:30" in lu(client.get(adresse))
    assert "Something needs to be corrected" in lu(client.post(adresse, {"action": "prendre"}))
    horloge.append(LUNDI_8H + 31 * MINUTE)
    assert "It may still be free." in lu(client.post(adresse, {"action": "prendre"}, follow=True))
    assert "You stay on the list" in lu(client.post(adresse, {"action": "laisser"}, follow=True))
    assert "You are no longer on the list" in lu(client.post(adresse, {"action": "quitter"}, follow=True), 410)
    une_plage(monde, frequence="unique", jours=[], premier_jour=MARDI_9H.date() + 7 * UN_JOUR, de=9, a=10)
    sien = reserver(Client(), monde, MARDI_9H + 7 * UN_JOUR)
    plus_tot = page("attendre_plus_tot", sien.jeton)
    assert "An earlier time is already free" in lu(client.get(plus_tot))
    assert "Earlier times are already free." in lu(client.post(plus_tot, follow=True))
    RendezVous.objects.filter(pk=pris.pk).update(statut=Statut.PREVU, annule_le=None)
    assert "You keep it meanwhile." in lu(client.get(plus_tot))
    assert "See my appointment" in lu(client.post(plus_tot, follow=True))
    assert "See or stop" in lu(client.get(page("rendez_vous_public", sien.jeton)))


# --- The agents ---------------------------------------------------------------------------------------------------


@pytest.fixture
def salle():
    """A structure with people on its list, and one of its agents signed in."""
    monde, pris = un_monde_plein()
    return monde, pris, connecte(monde.agent), reverse("reservations:liste_d_attente", args=[monde.structure.pk])


def test_agents_see_who_waits_and_for_what(salle):
    monde, pris, client, adresse = salle
    une_attente(monde, "Bea"), une_attente(monde, "Ana", inscrite_le=LUNDI_8H - 2 * UN_JOUR)
    une_attente(monde, "Cleo", close_le=LUNDI_8H)
    une_attente(un_monde_plein()[0], "Dora")
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)

    onglet = client.get(reverse("reservations:rendez_vous", args=[monde.structure.pk]))
    assert lien_nomme(onglet, "2 personnes attendent une place") == adresse
    lu = texte(client.get(adresse))

    assert (
        lu.index("Ana Silva")
        < lu.index("place proposée mardi 24 novembre à 9 h, à prendre avant 8 h 30")
        < lu.index("Bea Silva")
    )
    assert not {"Cleo", "Dora"} & set(lu.split())


def test_an_agent_takes_someone_off(salle):
    monde, pris, client, _ = salle
    ana = une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    adresse = reverse("reservations:retirer_de_la_liste", args=[monde.structure.pk, ana.pk])

    for _ in range(2):
        reponse = client.post(adresse, follow=True)

    assert "Ana Silva n'est plus sur la liste." in texte(reponse)
    assert "Personne n'attend de place." in texte(reponse)
    assert not RendezVous.objects.filter(statut=Statut.OPTION).exists()


def test_the_list_costs_the_same_for_one_and_for_thirty(salle):
    monde, _, client, adresse = salle
    une_attente(monde, "Ana")
    with CaptureQueriesContext(connection) as une:
        client.get(adresse)
    for n in range(29):
        une_attente(monde, f"Autre{n}", motif=MotifFactory(structure=monde.structure) if n % 2 else monde.motif)
    with CaptureQueriesContext(connection) as trente:
        reponse = client.get(adresse)
    assert texte(reponse).count("Silva") == 60  # the name, and the button that takes off
    assert len(une) == len(trente)


def test_an_admin_stops_the_list(salle):
    monde, _, client, adresse = salle
    parametres = reverse("structures:structure", args=[monde.structure.pk])
    champs = {"nom": "Médiathèque", "annulation_heures": "4", "deplacement_heures": "48"}

    client.post(parametres, champs)
    assert Structure.objects.get(pk=monde.structure.pk).liste_d_attente is False
    assert "La liste est arrêtée" in texte(client.get(adresse))
    client.post(parametres, {**champs, "liste_d_attente": "on"})
    assert Structure.objects.get(pk=monde.structure.pk).liste_d_attente is True


def test_where_nobody_books_online_there_is_no_list():
    structure = AppartenanceFactory(structure__solidarites=True).structure
    client = connecte(structure.agents.get())

    assert client.get(reverse("reservations:liste_d_attente", args=[structure.pk])).status_code == 404
    parametres = reverse("structures:structure", args=[structure.pk])
    assert "Liste d'attente" not in texte(client.get(parametres))
    client.post(parametres, {"nom": "CCAS", "annulation_heures": "4", "deplacement_heures": "48"})
    structure.refresh_from_db()
    assert (structure.nom, structure.liste_d_attente) == ("CCAS", True)
