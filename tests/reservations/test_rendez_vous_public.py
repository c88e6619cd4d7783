"""The learner's secret link: see, put in a calendar, cancel."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from motifs.models import TypeLieu
from reservations.courrier.envoi import ics_du_message
from reservations.models import Message, RendezVous, Statut
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    arbre,
    boutons_de_creneau,
    demarche_de,
    page_des_creneaux,
    reserver,
    texte,
    titre,
    un_monde,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


def adresse(nom, rendez_vous):
    return reverse(f"reservations:{nom}", args=[rendez_vous.jeton])


def test_juste_apres_la_confirmation_c_est_impossible_a_manquer(client):
    rendez_vous = reserver(client, un_monde(information_apres="Venez avec votre téléphone."))
    page = client.get(adresse("rendez_vous_public", rendez_vous))
    assert titre(page).startswith("Votre rendez-vous est confirmé")
    verdict = arbre(page).xpath("//*[@role='status'][@autofocus]")[0]
    assert " ".join(verdict.xpath(".//h1")[0].text_content().split()) == "✔ Votre rendez-vous est confirmé"
    lu = texte(page)
    assert "mardi 24 novembre 2026, de 9 h à 10 h" in lu
    assert "Salle numérique1 rue de la République, 26400 Crest" in lu
    assert "Venez avec votre téléphone." in lu
    assert "jeanne@exemple.fr" in lu


def test_plus_tard_c_est_votre_rendez_vous(client):
    rendez_vous = reserver(client, un_monde())
    client.get(adresse("rendez_vous_public", rendez_vous))
    for visiteur in (client, Client()):
        page = visiteur.get(adresse("rendez_vous_public", rendez_vous))
        assert arbre(page).findtext(".//h1") == "Votre rendez-vous"
        assert "confirmé" not in titre(page)


def test_le_lien_secret_n_est_ni_indexe_ni_transmis_ni_garde(client):
    page = client.get(adresse("rendez_vous_public", reserver(client, un_monde())))
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex"
    assert arbre(page).xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert "no-store" in page["Cache-Control"]
    # That policy hides the origin of a POST: this page has none.
    assert not arbre(page).xpath("//main//form")


def test_une_option_n_est_pas_un_rendez_vous(client):
    option = demarche_de(client, un_monde()).rendez_vous
    for nom in ("rendez_vous_public", "annuler_rendez_vous", "ics"):
        assert client.get(adresse(nom, option)).status_code == 404
    assert client.post(adresse("annuler_rendez_vous", option)).status_code == 404
    assert client.get("/rendez-vous/inconnu/").status_code == 404


def test_les_instructions_acceptees_sont_rappelees(client):
    rendez_vous = reserver(client, un_monde(instructions_a_accepter="Apportez https://exemple.fr/a.pdf rempli."))
    page = client.get(adresse("rendez_vous_public", rendez_vous))
    assert "Apportez https://exemple.fr/a.pdf rempli." in texte(page)
    assert arbre(page).xpath("//a[@href='https://exemple.fr/a.pdf']")


def test_par_telephone_le_numero_que_nous_appellerons(client):
    rendez_vous = reserver(client, un_monde(telephone=True), telephone="06 12 34 56 78")
    assert "Nous vous appellerons au 06 12 34 56 78." in texte(client.get(adresse("rendez_vous_public", rendez_vous)))


@pytest.mark.parametrize(
    ("url", "attendu"),
    [
        ("https://visio.exemple.fr/salle", "ouvrez ce lien : https://visio.exemple.fr/salle"),
        ("", "Votre conseiller vous donnera le lien."),
    ],
)
def test_par_visio_le_lien_de_l_agent(client, url, attendu):
    monde = un_monde(type_lieu=TypeLieu.VISIO)
    monde.agent.url_visio = url
    monde.agent.save()
    rendez_vous = reserver(client, monde)
    assert attendu in texte(client.get(adresse("rendez_vous_public", rendez_vous)))


def test_l_heure_de_la_reunion(client):
    monde = un_monde(structure={"reunion": True})
    rendez_vous = reserver(client, monde, MARDI_9H - timedelta(hours=3))
    assert "de 9 h à 10 h (heure de La Réunion)" in texte(client.get(adresse("rendez_vous_public", rendez_vous)))


def test_l_agenda_recoit_le_meme_evenement_que_l_e_mail(client):
    rendez_vous = reserver(client, un_monde())
    reponse = client.get(adresse("ics", rendez_vous))
    assert reponse["Content-Type"].startswith("text/calendar")
    assert "rendez-vous.ics" in reponse["Content-Disposition"]
    fichier = Calendar.from_ical(reponse.content).walk("VEVENT")[0]
    courriel = Message.objects.get(destinataire="jeanne@exemple.fr", confidentiel=False)
    envoye = Calendar.from_ical(ics_du_message(courriel)).walk("VEVENT")[0]
    assert fichier["UID"] == envoye["UID"]
    assert fichier["DTSTART"].dt == envoye["DTSTART"].dt == MARDI_9H


def test_the_three_files_of_one_rendez_vous_are_one_event(client, horloge):
    """Taken, moved, cancelled: what lets a calendar replace the event, then remove it (docs/messages.md)."""
    monde = un_monde(structure={"deplacement_heures": 0})
    rendez_vous = reserver(client, monde)
    horloge.append(LUNDI_8H + timedelta(minutes=1))
    client.post(adresse("confirmer_deplacement_public", rendez_vous), {"debut": MARDI_10H.isoformat()})
    horloge.append(LUNDI_8H + timedelta(minutes=2))
    client.post(adresse("annuler_rendez_vous", rendez_vous))
    for destinataire in ("jeanne@exemple.fr", monde.agent.courriel):
        messages = Message.objects.filter(destinataire=destinataire, evenement__isnull=False).order_by("pk")
        calendriers = [Calendar.from_ical(ics_du_message(message)) for message in messages]
        evenements = [calendrier.walk("VEVENT")[0] for calendrier in calendriers]
        assert [message.ics_methode for message in messages] == [c["METHOD"] for c in calendriers]
        assert [c["METHOD"] for c in calendriers] == ["REQUEST", "REQUEST", "CANCEL"]
        assert [e["STATUS"] for e in evenements] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
        assert [e["SEQUENCE"] for e in evenements] == [0, 1, 2]
        assert [e["DTSTART"].dt for e in evenements] == [MARDI_9H, MARDI_10H, MARDI_10H]
        assert [e["DTSTAMP"].dt for e in evenements] == [LUNDI_8H + timedelta(minutes=n) for n in range(3)]
        for propriete in ("UID", "ORGANIZER", "ATTENDEE"):
            assert len({e[propriete] for e in evenements}) == 1
        assert evenements[0]["ATTENDEE"] == f"mailto:{destinataire}"


def test_annuler_montre_quoi_puis_annule_et_le_creneau_est_de_nouveau_libre(client):
    monde = un_monde(message_annulation="Prévenez-nous si vous êtes malade.")
    rendez_vous = reserver(client, monde)
    page = client.get(adresse("annuler_rendez_vous", rendez_vous))
    assert "Prévenez-nous si vous êtes malade." in texte(page)
    assert "mardi 24 novembre 2026, de 9 h à 10 h" in texte(page)
    assert RendezVous.objects.get().statut == Statut.PREVU  # nothing is done by looking
    for _ in range(2):  # a double click
        reponse = client.post(adresse("annuler_rendez_vous", rendez_vous))
        assert reponse["Location"] == adresse("rendez_vous_public", rendez_vous)
    assert RendezVous.objects.get().statut == Statut.EXCUSE
    assert Message.objects.filter(sujet__startswith="Rendez-vous annulé").count() == 2  # the learner and the agent
    suite = client.get(reponse["Location"])
    assert "Votre rendez-vous est annulé" in arbre(suite).xpath("//h1")[0].text_content()
    assert arbre(suite).xpath("//*[@role='status'][@autofocus]")
    assert arbre(suite).xpath(f"//a[@href='/r/{monde.structure.lien}/']")
    assert "Annuler ce rendez-vous" not in texte(suite)
    assert "mardi 24 novembre à 9 h" in boutons_de_creneau(Client().get(page_des_creneaux(monde)))


def test_annuler_sans_message_du_motif_dit_ce_qui_se_passe(client):
    page = client.get(adresse("annuler_rendez_vous", reserver(client, un_monde())))
    assert "Votre créneau sera proposé à quelqu'un d'autre." in texte(page)


def test_annule_par_la_structure_avec_son_message(client):
    rendez_vous = reserver(client, un_monde())
    RendezVous.objects.update(statut=Statut.ANNULE, annule_le=LUNDI_8H, message_d_annulation="Agent malade.")
    lu = texte(client.get(adresse("rendez_vous_public", rendez_vous)))
    assert "Votre rendez-vous est annulé" in lu
    assert "Médiathèque de Crest l'a annulé" in lu
    assert "Agent malade." in lu


def test_commence_ou_passe_il_ne_s_annule_plus(client, horloge):
    rendez_vous = reserver(client, un_monde())
    for instant, phrase in ((MARDI_9H, "Ce rendez-vous a commencé."), (MARDI_9H + timedelta(hours=1), "est passé.")):
        horloge.append(instant)
        assert client.get(adresse("annuler_rendez_vous", rendez_vous)).status_code == 302
        reponse = client.post(adresse("annuler_rendez_vous", rendez_vous), follow=True)
        assert "Ce rendez-vous ne peut plus être annulé en ligne." in texte(reponse)
        assert phrase in texte(reponse)
        assert "Annuler ce rendez-vous" not in texte(reponse)
    assert RendezVous.objects.get().statut == Statut.PREVU
