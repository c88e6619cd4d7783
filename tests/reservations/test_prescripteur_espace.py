"""The prescriber's own pages: who opens them, what they show and never show, cancel, move, print, forget."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations import conservation
from reservations.models import (
    AppareilDuPrescripteur,
    EnvoiDeCode,
    IdentificationPrescripteur,
    Message,
    Participation,
    Prescripteur,
    RendezVous,
    Statut,
)
from tests.aides_agent import connecte
from tests.aides_agent import texte as texte_agent
from tests.factories import AgentFactory, AppartenanceFactory, MotifFactory, PrescripteurFactory
from tests.htmx import page_apres_echange, page_rechargee
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    arbre,
    code_recu,
    prendre_ailleurs,
    reserver,
    texte,
    un_monde,
    une_plage,
)
from tests.reservations.aides_prescripteur import page, prescrire

pytestmark = pytest.mark.django_db
ENTREE, CODE = reverse("reservations:mes_prescriptions"), reverse("reservations:mes_prescriptions_code")
COORDONNEES = reverse("reservations:coordonnees_du_prescripteur")
PAGES = (
    "prescription",
    "annuler_prescription",
    "deplacer_prescription",
    "confirmer_deplacement_prescription",
    "fiche_de_prescription",
)


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


def en_semaine(jours: int = 7):
    """Tuesday 9 h, weeks ahead: it may still be moved."""
    return MARDI_9H + timedelta(days=jours)


def ouvrir(client: Client, adresse: str = ENTREE, courriel: str = "lea@ccas.exemple.fr") -> HttpResponse:
    client.post(adresse, {"courriel": courriel})
    return client.post(CODE, {"code": code_recu()})


def titres(reponse: HttpResponse) -> list[str]:
    return [" ".join(h2.text_content().split()) for h2 in arbre(reponse).xpath("//li[@class='rdv-carte']/h2")]


# --- The way in -------------------------------------------------------------------------------------------------------


def test_without_device_a_code_opens_the_page_asked_for_and_remembers(client):
    rdv = prescrire(client, un_monde())
    autre = Client()
    entree = autre.get(page(rdv))["Location"]
    assert entree == f"{ENTREE}?rdv={rdv.pk}"
    reponse = ouvrir(autre, entree)
    assert reponse["Location"] == page(rdv)
    assert texte(autre.get(page(rdv))).startswith("Médiathèque de Crest Rendez-vous de Jeanne Martin")
    assert AppareilDuPrescripteur.objects.count() == 2


@pytest.mark.parametrize("demande", ["", "?rdv=0", "?rdv=x", "?rdv=99999999999999999999", "?rdv=٣"])
def test_whatever_is_asked_for_leads_to_the_list_when_it_is_not_theirs(client, demande):
    prescrire(client, un_monde())
    assert ouvrir(Client(), f"{ENTREE}{demande}")["Location"] == ENTREE


def test_nothing_tells_who_is_known_before_the_code(client):
    prescrire(client, un_monde())
    pages = []
    for courriel in ("lea@ccas.exemple.fr", "inconnu@exemple.fr"):
        autre = Client()
        autre.post(ENTREE, {"courriel": courriel})
        pages.append(texte(autre.get(CODE)).replace(courriel, ""))
    assert pages[0] == pages[1]
    assert "Aucun rendez-vous n'est connu" in texte(ouvrir(Client(), courriel="inconnu@exemple.fr"))
    assert Prescripteur.objects.count() == 1


@pytest.mark.parametrize("courriel", ["", "lea", "lea@", "a\0b@exemple.fr"])
def test_an_address_that_is_none_is_refused(client, courriel):
    reponse = client.post(ENTREE, {"courriel": courriel})
    assert list(reponse.context["form"].errors) == ["courriel"]
    assert not Message.objects.exists()


def test_a_code_sent_again_and_too_many_codes(client):
    client.post(ENTREE, {"courriel": "lea@exemple.fr"})
    IdentificationPrescripteur.objects.update(code_expire_a=LUNDI_8H)
    assert "Un nouveau code vient de partir" in texte(client.post(CODE, {"action": "renvoyer"}, follow=True))
    for _ in range(5):
        reponse = client.post(ENTREE, {"courriel": "lea@exemple.fr"})
    assert "Trop de codes" in texte(reponse)


def test_a_double_click_without_a_session_sends_one_code(client, horloge):
    prescrire(client, un_monde())
    jeton = arbre(Client().get(ENTREE)).xpath("//input[@name='jeton']/@value")[0]
    envoi, avant = {"courriel": "lea@ccas.exemple.fr", "jeton": jeton}, EnvoiDeCode.objects.count()
    clients = [Client(), Client()]  # neither answer had reached the browser
    for autre in clients:
        assert autre.post(ENTREE, envoi)["Location"] == CODE
    assert EnvoiDeCode.objects.count() == avant + 1

    # Later, whoever read that secret in the page has a code of their own to give.
    horloge.append(LUNDI_8H + timedelta(minutes=1))
    voleur = Client()
    voleur.post(ENTREE, envoi)
    assert EnvoiDeCode.objects.count() == avant + 2
    assert IdentificationPrescripteur.objects.filter(contact_verifie="").count() == 2


def test_after_a_proved_unknown_address_no_code_is_said_to_leave(client):
    ouvrir(client, courriel="inconnu@exemple.fr")
    avant = EnvoiDeCode.objects.count()
    suite = client.post(CODE, {"action": "renvoyer"}, follow=True)
    assert suite.redirect_chain[-1][0] == ENTREE
    assert "vient de partir" not in texte(suite)
    assert client.get(CODE)["Location"] == ENTREE
    assert EnvoiDeCode.objects.count() == avant
    # A double click on the code reads the same answer twice.
    assert "Aucun rendez-vous n'est connu" in texte(client.post(CODE, {"code": code_recu()}))


# --- What they see ----------------------------------------------------------------------------------------------------


def test_the_list_says_what_is_to_come_then_the_rest(client, horloge):
    monde = un_monde()
    tot, annule = prescrire(client, monde), prescrire(client, monde, MARDI_10H, prenom="Ali", telephone="")
    client.post(page(annule, "annuler_prescription"))
    prescrire(client, monde, en_semaine(), prenom="Zoé", telephone="")
    reserver(Client(), monde, en_semaine(1))
    assert [t.split(",")[0] for t in titres(client.get(ENTREE))] == ["Jeanne Martin", "Zoé Martin"]
    assert [t.split(",")[0] for t in titres(client.get(f"{ENTREE}?onglet=passes"))] == ["Ali Martin"]
    horloge.append(tot.fin)
    assert [t.split(",")[0] for t in titres(client.get(f"{ENTREE}?onglet=passes"))] == ["Ali Martin", "Jeanne Martin"]


def test_the_number_of_queries_does_not_grow_with_the_list(client):
    monde = un_monde()
    rdv = prescrire(client, monde)

    def compter() -> int:
        with CaptureQueriesContext(
            connection,
        ) as requetes:
            assert len(titres(client.get(ENTREE))) == RendezVous.objects.count()
        return len(requetes)

    un = compter()
    participation = rdv.participations.get()
    for n in range(1, 30):
        autre = RendezVous.objects.create(
            **{
                champ: getattr(rdv, champ)
                for champ in ("structure", "motif", "agent", "lieu", "type_lieu", "prescripteur", "statut")
            },
            debut=rdv.debut + timedelta(days=n),
            fin=rdv.fin + timedelta(days=n),
        )
        Participation.objects.create(rendez_vous=autre, apprenant=participation.apprenant)
    assert compter() == un


def test_another_prescriber_s_rendez_vous_and_a_learner_s_own_are_404(client):
    monde = un_monde()
    prescrire(client, monde)
    autre = prescrire_par_tom(monde)
    seul = reserver(Client(), monde, en_semaine())
    for rdv in (autre, seul):
        for nom in PAGES:
            assert client.get(page(rdv, nom)).status_code == 404
        for nom in ("annuler_prescription", "confirmer_deplacement_prescription"):
            donnees = {"debut": en_semaine(1).isoformat()}
            assert client.post(page(rdv, nom), donnees).status_code == 404
        rdv.refresh_from_db()
        assert rdv.statut == Statut.PREVU
    assert client.get(reverse("reservations:prescription", args=[10**18])).status_code == 404


def prescrire_par_tom(monde) -> RendezVous:
    tom = PrescripteurFactory(prenom="Tom")
    rdv = prendre_ailleurs(monde, MARDI_10H)
    RendezVous.objects.filter(pk=rdv.pk).update(prescripteur=tom)
    return rdv


@pytest.mark.parametrize("nom", PAGES)
def test_unknown_each_page_asks_who_they_are(client, nom):
    rdv = prescrire(client, un_monde(), en_semaine())
    assert Client().get(page(rdv, nom))["Location"] == f"{ENTREE}?rdv={rdv.pk}"
    assert Client().get(COORDONNEES)["Location"] == ENTREE


# --- Cancel and move --------------------------------------------------------------------------------------------------


def test_cancelled_by_the_prescriber_all_are_told_by_whom(client):
    rdv = prescrire(client, un_monde(), courriel="jeanne@exemple.fr")
    assert "Voulez-vous annuler le rendez-vous de Jeanne Martin ?" in texte(
        client.get(page(rdv, "annuler_prescription"))
    )
    for _ in range(2):  # a double click
        client.post(page(rdv, "annuler_prescription"))
    rdv.refresh_from_db()
    assert (rdv.statut, rdv.annule_par_prescripteur, rdv.statut_en_mots) == (
        Statut.EXCUSE,
        True,
        "Annulé par le prescripteur",
    )
    assert "Vous l'avez annulé le lundi 23 novembre" in texte(client.get(page(rdv)))
    annulations = {m.destinataire: m.texte for m in Message.objects.filter(ics_methode="CANCEL")}
    assert "Léa Roux, CCAS de Crest a annulé votre rendez-vous." in annulations["jeanne@exemple.fr"]
    assert "est annulé par le prescripteur" in annulations[rdv.agent.courriel]
    assert "Vous avez annulé le rendez-vous de Jeanne Martin." in annulations["lea@ccas.exemple.fr"]
    assert len(annulations) == 3
    sienne = texte(Client().get(reverse("reservations:rendez_vous_public", args=[rdv.jeton])))
    assert "Léa Roux, CCAS de Crest, l'a annulé pour vous" in sienne


def test_cancelled_by_the_learner_or_the_structure_the_prescriber_reads_by_whom(client):
    monde = un_monde()
    un, deux = prescrire(client, monde, courriel="jeanne@exemple.fr"), prescrire(client, monde, MARDI_10H, telephone="")
    client.post(reverse("reservations:annuler_rendez_vous", args=[un.jeton]))
    connecte(monde.agent).post(
        reverse("reservations:annuler", args=[monde.structure.pk, deux.pk]), {"message": "Nous sommes fermés."}
    )
    annulations = Message.objects.filter(destinataire="lea@ccas.exemple.fr", ics_methode="CANCEL")
    a_lea = [m.texte for m in annulations.order_by("pk")]
    assert "La personne a annulé le rendez-vous de Jeanne Martin." in a_lea[0]
    assert "Médiathèque de Crest a annulé le rendez-vous de Jeanne Martin." in a_lea[1]
    assert "Nous sommes fermés." in a_lea[1]
    assert "La personne l'a annulé" in texte(client.get(page(un)))
    assert "Nous sommes fermés." in texte(client.get(page(deux)))


def test_too_late_to_cancel_or_to_move_is_said(client, horloge):
    rdv = prescrire(client, un_monde())
    horloge.append(MARDI_9H - timedelta(hours=1))
    assert "Il est trop tard" in texte(client.get(page(rdv)))
    assert "ne peut plus être annulé" in texte(client.post(page(rdv, "annuler_prescription"), follow=True))
    lu = texte(client.get(page(rdv, "deplacer_prescription"), follow=True))
    assert "Il est trop tard pour déplacer" in lu
    assert "Le rendez-vous n'a pas changé." in lu
    rdv.refresh_from_db()
    assert rdv.statut == Statut.PREVU


def test_moved_by_the_prescriber_all_are_told_by_whom(client):
    monde = un_monde()
    rdv = prescrire(client, monde, en_semaine(), courriel="jeanne@exemple.fr")
    nouveau = en_semaine(8)
    confirmation = f"{page(rdv, 'confirmer_deplacement_prescription')}?debut={nouveau:%Y-%m-%dT%H:%M:%SZ}"
    assert "Voulez-vous changer le rendez-vous de Jeanne Martin ?" in texte(client.get(confirmation))
    for _ in range(2):
        reponse = client.post(confirmation, {"debut": nouveau.isoformat()})
    assert reponse["Location"] == page(rdv)
    assert "est déplacé" in texte(client.get(page(rdv)))
    rdv.refresh_from_db()
    assert rdv.debut == nouveau
    dits = {m.destinataire: m.texte for m in Message.objects.filter(sujet__startswith="Rendez-vous déplacé")}
    assert "Léa Roux, CCAS de Crest a déplacé votre rendez-vous" in dits["jeanne@exemple.fr"]
    assert "est déplacé par le prescripteur" in dits[rdv.agent.courriel]
    assert "Vous avez déplacé le rendez-vous de Jeanne Martin" in dits["lea@ccas.exemple.fr"]


def test_a_time_taken_meanwhile_leaves_the_rendez_vous_where_it_was(client):
    monde = un_monde()
    rdv = prescrire(client, monde, en_semaine())
    prendre_ailleurs(monde, en_semaine(8))
    adresse = page(rdv, "confirmer_deplacement_prescription")
    lu = texte(client.post(adresse, {"debut": en_semaine(8).isoformat()}, follow=True))
    assert "Le rendez-vous n'a pas changé. Choisissez-en une autre." in lu
    rdv.refresh_from_db()
    assert rdv.debut == en_semaine()


def test_the_weeks_to_move_in_swap_like_the_page(client):
    rdv = prescrire(client, un_monde(), en_semaine())
    adresse = page(rdv, "deplacer_prescription")
    suivante = arbre(client.get(adresse)).xpath('//a[contains(text(), "Semaine d\'après")]/@href')[0]
    fragment = client.get(suivante, headers={"HX-Request": "true", "HX-Target": "creneaux"}).content
    apres = page_apres_echange(client.get(adresse).content, fragment, "creneaux")
    assert apres == page_rechargee(client.get(suivante).content)


# --- Print, details, devices ------------------------------------------------------------------------------------------


def test_the_sheet_says_where_to_go_and_whom_to_call_and_prints_at_once(client):
    rdv = prescrire(client, un_monde(information_apres="Sonnez deux fois."))
    lien = arbre(client.get(page(rdv))).xpath("//a[text()='Imprimer la fiche']/@href")[0]
    fiche = client.get(lien)
    lu = texte(fiche)
    for attendu in ("Jeanne Martin", "mardi 24 novembre 2026", "Salle numérique", "Sonnez deux fois.", "Léa Roux"):
        assert attendu in lu
    assert arbre(fiche).xpath("//button/@data-imprimer") == ["tout-de-suite"]
    assert arbre(client.get(lien.partition("?")[0])).xpath("//button/@data-imprimer") == [""]
    assert "qr.svg" not in fiche.content.decode()


def test_the_details_are_changed_and_the_past_messages_stay(client):
    prescrire(client, un_monde())
    assert arbre(client.get(COORDONNEES)).xpath("//input[@name='telephone']/@value") == ["04 75 00 00 00"]
    saisie = {"prenom": "Léa", "nom": "Blanc", "organisation": "Mairie de Crest", "telephone": "06 12 34 56 78"}
    client.post(COORDONNEES, {**saisie, "courriel": "pirate@exemple.fr"})
    lea = Prescripteur.objects.get()
    assert (str(lea), lea.courriel) == ("Léa Blanc, Mairie de Crest", "lea@ccas.exemple.fr")
    refus = client.post(COORDONNEES, {**saisie, "telephone": "12"})
    assert list(refus.context["form"].errors) == ["telephone"]


def test_a_device_is_forgotten_one_by_one(client):
    prescrire(client, un_monde())
    autre = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"})
    ouvrir(autre)
    la_bas = AppareilDuPrescripteur.objects.latest("pk")
    assert "Firefox sur Windows" in texte(client.get(COORDONNEES))
    client.post(reverse("reservations:oublier_appareil", args=[la_bas.pk]))
    assert autre.get(COORDONNEES)["Location"] == ENTREE
    ici = AppareilDuPrescripteur.objects.get()
    reponse = client.post(reverse("reservations:oublier_appareil", args=[ici.pk]))
    assert reponse.cookies["prescripteur"].value == ""
    assert client.get(COORDONNEES)["Location"] == ENTREE


def test_another_prescriber_s_device_is_404(client):
    prescrire(client, un_monde())
    autre = AppareilDuPrescripteur.objects.create(
        prescripteur=PrescripteurFactory(), secret_hache="x", expire_a=LUNDI_8H + timedelta(days=9)
    )
    assert client.post(reverse("reservations:oublier_appareil", args=[autre.pk])).status_code == 404
    assert AppareilDuPrescripteur.objects.filter(pk=autre.pk).exists()


# --- The agents' side -------------------------------------------------------------------------------------------------


def test_the_agent_sees_who_prescribed_how_to_reach_them_and_the_note(client):
    monde = un_monde(instructions_a_accepter="Apportez vos papiers.")
    rdv = prescrire(client, monde, note="Préfère\nle matin.")
    agent = connecte(monde.agent)
    fiche = agent.get(reverse("reservations:rendez_vous_detail", args=[monde.structure.pk, rdv.pk]))
    lu = texte_agent(fiche)
    assert "Prescrit parLéa Roux, CCAS de Crest" in lu
    assert "Note du prescripteurPréfère" in lu
    assert "en son nom, par Léa Roux, CCAS de Crest" in lu
    assert "Rendez-vous pris par Léa Roux, CCAS de Crest" in lu
    assert "mailto:lea@ccas.exemple.fr" in fiche.content.decode()
    assert "tel:+33-4-75-00-00-00" in fiche.content.decode()
    liste = texte_agent(agent.get(reverse("reservations:rendez_vous", args=[monde.structure.pk])))
    assert "Prescrit par Léa Roux, CCAS de Crest" in liste


def test_the_tab_gives_the_prescribers_link_and_it_books_for_someone(client):
    monde = un_monde()
    agent = connecte(monde.agent)
    for nom in ("reservations:reservation_en_ligne", "reservations:lien"):
        lu = arbre(agent.get(reverse(nom, args=[monde.structure.pk])))
        lien = lu.get_element_by_id("lien-des-prescripteurs").get("value")
        assert lien == f"http://testserver/p/{monde.structure.lien}/"
    assert "pour une personne que vous accompagnez" in texte(client.get(lien, follow=True))


def test_a_motif_for_prescribers_only_is_said_to_be_bookable_by_them():
    monde = un_monde(ouvert_a="prescripteurs")
    lu = texte_agent(connecte(monde.agent).get(reverse("reservations:reservation_en_ligne", args=[monde.structure.pk])))
    assert re.search(r"réservable Par les prescripteurs seulement\. Premier créneau : ", lu)


# --- Forgotten --------------------------------------------------------------------------------------------------------


def test_a_prescriber_is_erased_two_years_after_their_last_rendez_vous(client, horloge):
    monde = un_monde()
    rdv = prescrire(client, monde, note="Avec sa sœur.")
    Prescripteur.objects.update(cree_le=LUNDI_8H - timedelta(days=1))
    tard = LUNDI_8H + timedelta(days=365 * 2 - 2)
    assert conservation.purger(maintenant=tard)["prescripteurs"] == 0
    # Their learner came again since: the rendez-vous stays, without them.
    recent = prendre_ailleurs(monde, tard)
    Participation.objects.create(rendez_vous=recent, apprenant=rdv.participations.get().apprenant)
    assert conservation.purger(maintenant=LUNDI_8H + timedelta(days=365 * 2 + 3))["prescripteurs"] == 1
    rdv.refresh_from_db()
    assert (rdv.prescripteur, rdv.note_du_prescripteur) == (None, "")
    assert not AppareilDuPrescripteur.objects.exists()


def test_what_was_only_begun_is_erased_after_a_day(client):
    client.post(ENTREE, {"courriel": "lea@exemple.fr"})
    conservation.oublier_demarches(maintenant=LUNDI_8H + timedelta(hours=25))
    assert not IdentificationPrescripteur.objects.exists()


def test_an_agent_with_an_account_finds_their_prescriptions_without_code(client):
    monde = un_monde()
    agent = AgentFactory()
    AppartenanceFactory(agent=agent, structure=monde.structure)
    une_plage(monde, motifs=[MotifFactory(structure=monde.structure, ouvert=True)], de=14, a=16)
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    rdv = prescrire(client, monde)
    assert len(titres(client.get(ENTREE))) == 1
    assert client.get(page(rdv)).status_code == 200
    assert "par votre compte d'agent" in texte(client.get(COORDONNEES))
