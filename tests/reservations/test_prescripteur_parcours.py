"""A prescriber books for someone: who they are, once; whom they accompany; what is told, to whom, and what never is."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from motifs.models import Public, TypeLieu
from reservations import prescripteurs
from reservations.courrier.envoi import ics_du_message
from reservations.models import (
    AppareilDuPrescripteur,
    Apprenant,
    Demarche,
    Message,
    Participation,
    Prescripteur,
    RendezVous,
    Statut,
)
from tests.factories import AgentFactory, AppartenanceFactory, MotifFactory, PrescripteurFactory, StructureFactory
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    accepter,
    arbre,
    autre_code,
    code_recu,
    etape,
    prendre_ailleurs,
    texte,
    un_monde,
    une_plage,
)
from tests.reservations.aides_prescripteur import JEANNE, LEA, choisir, confirmer_pour, page, prescrire, se_presenter

pytestmark = pytest.mark.django_db
MARDI_11H = MARDI_10H + timedelta(hours=1)


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


# --- The way in -----------------------------------------------------------------------------------------------------


def test_the_shared_link_asks_for_whom_in_one_line_and_leads_to_the_same_page(client):
    monde = un_monde()
    adresse = f"/r/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/"
    lien = arbre(client.get(adresse)).xpath("//p[@class='rdv-pour-qui']/a")[0]
    assert lien.text == "pour quelqu'un que j'accompagne"
    page_du_motif = f"{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/?lieu={monde.lieu.pk}"
    assert lien.get("href") == f"/p/{page_du_motif}&pour=autrui"
    retour = arbre(client.get(lien.get("href"), follow=True)).xpath("//p[@class='rdv-pour-qui']/a[1]/@href")
    assert retour == [f"/r/{page_du_motif}&pour=moi"]


def test_the_answer_is_remembered_on_this_device_and_can_be_changed(client):
    monde = un_monde()
    une_plage(monde, motifs=[MotifFactory(structure=monde.structure, nom="Autre", ouvert=True)], de=14, a=16)
    pour_moi, pour_autrui = f"/r/{monde.structure.lien}/", f"/p/{monde.structure.lien}/"
    assert client.get(pour_moi).status_code == 200
    client.get(f"{pour_autrui}?pour=autrui")
    assert client.get(f"{pour_moi}?lieu={monde.lieu.pk}")["Location"] == f"{pour_autrui}?lieu={monde.lieu.pk}"
    # The tab of a learner on the same device goes back to its own choice of motifs.
    changer = arbre(client.get(f"{pour_moi}motif/{monde.motif.pk}/creneaux/")).xpath(
        "//a[@class='rdv-parcours__changer']/@href"
    )[0]
    assert client.get(changer).status_code == 200
    assert client.get(pour_moi).status_code == 200


def test_from_a_motif_for_prescribers_the_way_for_oneself_leads_to_the_others(client):
    monde = un_monde(ouvert_a=Public.PRESCRIPTEURS)
    lu = arbre(client.get(f"/p/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/"))
    assert lu.xpath("//p[@class='rdv-pour-qui']/a[1]/@href") == [
        f"/r/{monde.structure.lien}/?lieu={monde.lieu.pk}&pour=moi"
    ]


def test_the_prescribers_pages_are_in_french_whatever_the_language_chosen(client):
    monde = un_monde()
    client.cookies["langue"] = "en"
    adresse = f"motif/{monde.motif.pk}/creneaux/"
    assert arbre(client.get(f"/r/{monde.structure.lien}/{adresse}")).get("lang") == "en"
    assert arbre(client.get(f"/p/{monde.structure.lien}/{adresse}")).get("lang") == "fr"
    assert arbre(client.get(etape("prescripteur", choisir(client, monde)))).get("lang") == "fr"
    assert arbre(client.get(reverse("reservations:mes_prescriptions"))).get("lang") == "fr"


def test_who_has_no_contact_is_told_that_someone_may_book_for_them(client):
    monde = un_monde()
    client.post(f"/r/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/", {"debut": MARDI_9H.isoformat()})
    lu = arbre(client.get(etape("coordonnees", Demarche.objects.get())))
    assert (
        lu.xpath("//details//a/@href")[0] == f"/p/{monde.structure.lien}/motif/{monde.motif.pk}/?lieu={monde.lieu.pk}"
    )


# --- From the slot to the rendez-vous -------------------------------------------------------------------------------


def test_the_whole_path_the_first_time(client):
    monde = un_monde(instructions_a_accepter="Apportez une pièce d'identité.")
    demarche = choisir(client, monde)
    assert client.get(etape("demarche", demarche))["Location"] == etape("instructions", demarche)
    assert "qui les accepte" in texte(client.get(etape("instructions", demarche)))
    accepter(client, demarche)
    assert "Étape 3 sur 4" in texte(client.get(etape("prescripteur", demarche)))
    assert client.post(etape("prescripteur", demarche), LEA)["Location"] == etape("code_prescripteur", demarche)
    assert "lea@ccas.exemple.fr" in texte(client.get(etape("code_prescripteur", demarche)))
    reponse = client.post(etape("code_prescripteur", demarche), {"code": code_recu()})
    cookie = reponse.cookies["prescripteur"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 180 * 24 * 3600)
    lu = texte(client.get(etape("beneficiaire", demarche)))
    assert "Étape 4 sur 4" in lu
    assert "en tant que Léa Roux, CCAS de Crest" in lu
    assert "encore 15 minutes" in lu

    reponse = confirmer_pour(client, demarche, note="Vient avec sa sœur.")
    rdv = RendezVous.objects.get()
    assert reponse["Location"] == page(rdv)
    assert (rdv.statut, rdv.note_du_prescripteur) == (Statut.PREVU, "Vient avec sa sœur.")
    assert rdv.prescripteur == Prescripteur.objects.get(courriel="lea@ccas.exemple.fr")
    participation = Participation.objects.get()
    assert str(participation.apprenant) == "Jeanne Martin"
    assert participation.instructions == "Apportez une pièce d'identité."
    assert participation.instructions_acceptees_par == "Léa Roux, CCAS de Crest"
    lu = texte(client.get(page(rdv)))
    assert "Le rendez-vous de Jeanne Martin est confirmé" in lu
    assert "mardi 24 novembre 2026, de 9 h à 10 h" in lu
    assert rdv.jeton not in client.get(page(rdv)).content.decode()
    sienne = texte(Client().get(reverse("reservations:rendez_vous_public", args=[rdv.jeton])))
    assert "Pris pour vous parLéa Roux, CCAS de Crest" in sienne
    assert "Accepté pour vous par Léa Roux, CCAS de Crest" in sienne


def test_the_second_time_only_the_person_is_asked(client):
    monde = un_monde()
    rdv = prescrire(client, monde)
    un_autre = arbre(client.get(page(rdv))).xpath("//a[text()='Prendre un autre rendez-vous']/@href")[0]
    creneaux = client.get(un_autre, follow=True)
    assert creneaux.redirect_chain[-1][0] == (
        f"/p/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/?lieu={monde.lieu.pk}"
    )
    assert "Étape 1 sur 2" in texte(creneaux)
    demarche = choisir(client, monde, MARDI_10H)
    formulaire = arbre(client.get(etape("demarche", demarche), follow=True)).xpath("//form[@id='etape']")[0]
    assert formulaire.xpath(".//input[@name='prenom']/@value") == []
    confirmer_pour(client, demarche, prenom="Ali", nom="Benali")
    assert RendezVous.objects.filter(prescripteur=rdv.prescripteur, statut=Statut.PREVU).count() == 2
    assert Message.objects.filter(confidentiel=True).count() == 1


@pytest.mark.parametrize(
    ("type_lieu", "champs", "attendu"),
    [
        (TypeLieu.SUR_PLACE, {"telephone": "", "courriel": "j@exemple.fr"}, "Un e-mail de confirmation part aussi"),
        (TypeLieu.SUR_PLACE, {"telephone": ""}, "Aucun message ne pourra lui être envoyé : imprimez la fiche."),
        (TypeLieu.SUR_PLACE, {"telephone": "04 75 25 00 00"}, "ne reçoit pas de SMS : imprimez la fiche."),
        (TypeLieu.TELEPHONE, {"telephone": "04 75 25 00 00"}, "ne reçoit pas de SMS : imprimez la fiche."),
        (TypeLieu.SUR_PLACE, {}, "Un SMS de confirmation part aussi"),
        (TypeLieu.DOMICILE, {"adresse_domicile": "3 rue Haute, 26400 Crest"}, "Un SMS de confirmation part aussi"),
    ],
)
def test_what_reaches_the_person_is_said_from_what_was_typed(client, settings, type_lieu, champs, attendu):
    settings.SMS_FOURNISSEUR = "demo"
    rdv = prescrire(client, un_monde(type_lieu=type_lieu), **champs)
    assert attendu in texte(client.get(page(rdv)))


@pytest.mark.parametrize(
    ("type_lieu", "champs", "champ", "erreur"),
    [
        (TypeLieu.TELEPHONE, {"telephone": ""}, "telephone", "Écrivez le numéro où appeler cette personne."),
        (TypeLieu.DOMICILE, {}, "adresse_domicile", "Écrivez l'adresse où aller."),
        (TypeLieu.SUR_PLACE, {"prenom": " "}, "prenom", "Écrivez le prénom."),
        (TypeLieu.SUR_PLACE, {"telephone": "12"}, "telephone", "Ce numéro n'existe pas."),
        (TypeLieu.SUR_PLACE, {"note": "x" * 501}, "note", "500"),
    ],
)
def test_a_beneficiary_that_misses_something_is_refused_and_kept(client, type_lieu, champs, champ, erreur):
    demarche = choisir(client, un_monde(type_lieu=type_lieu))
    se_presenter(client, demarche)
    reponse = confirmer_pour(client, demarche, **{"courriel": "jeanne@exemple.fr", **champs})
    lu = client.get(reponse["Location"])
    assert erreur in " ".join(lu.context["form"].errors[champ])
    assert arbre(lu).xpath("//input[@name='courriel']/@value") == ["jeanne@exemple.fr"]
    assert RendezVous.objects.get().statut == Statut.OPTION


@pytest.mark.parametrize("champ", ["prenom", "nom", "organisation", "courriel", "telephone"])
def test_a_prescriber_says_everything_of_themselves(client, champ):
    demarche = choisir(client, un_monde())
    reponse = client.post(etape("prescripteur", demarche), {**LEA, champ: ""})
    lu = client.get(reponse["Location"])
    assert list(lu.context["form"].errors) == [champ]
    assert not Message.objects.exists()


@pytest.mark.parametrize("champ", ["prenom", "nom", "organisation"])
@pytest.mark.parametrize("lien", ["Gagnez https://pirate.exemple", "WWW.pirate.exemple", "a@pirate.exemple"])
def test_no_link_travels_in_a_name(client, champ, lien):
    demarche = choisir(client, un_monde())
    lu = client.get(client.post(etape("prescripteur", demarche), {**LEA, champ: lien})["Location"])
    assert list(lu.context["form"].errors) == [champ]
    if champ != "organisation":
        se_presenter(client, demarche)
        lu = client.get(confirmer_pour(client, demarche, **{champ: lien})["Location"])
        assert list(lu.context["form"].errors) == [champ]


def test_the_code_decides_and_a_wrong_one_is_counted(client):
    demarche = choisir(client, un_monde())
    client.post(etape("prescripteur", demarche), LEA)
    reponse = client.post(etape("code_prescripteur", demarche), {"code": autre_code(code_recu())})
    assert "Il vous reste 4 essais." in texte(client.get(reponse["Location"]))
    assert not Prescripteur.objects.exists()
    assert client.get(etape("beneficiaire", demarche))["Location"] == etape("demarche", demarche)
    assert confirmer_pour(client, demarche)["Location"] == etape("demarche", demarche)
    assert RendezVous.objects.get().statut == Statut.OPTION


def test_a_double_click_on_the_details_sends_one_code(client):
    demarche = choisir(client, un_monde())
    for _ in range(2):
        client.post(etape("prescripteur", demarche), LEA)
    assert Message.objects.filter(confidentiel=True).count() == 1


def test_known_or_not_the_prescriber_gets_the_same_answer(client):
    PrescripteurFactory(courriel="lea@ccas.exemple.fr")
    pages = []
    for courriel in ("lea@ccas.exemple.fr", "tom@ccas.exemple.fr"):
        demarche = choisir(client, un_monde())
        client.post(etape("prescripteur", demarche), {**LEA, "courriel": courriel})
        lu = texte(client.get(etape("code_prescripteur", demarche)))
        pages.append(lu.replace(courriel, ""))
    assert pages[0] == pages[1]


def test_the_learner_s_steps_do_not_open_for_a_prescriber_s_booking_nor_the_other_way(client):
    monde = un_monde()
    demarche = choisir(client, monde)
    assert client.get(etape("coordonnees", demarche))["Location"] == etape("prescripteur", demarche)
    assert client.get(etape("code", demarche))["Location"] == etape("demarche", demarche)
    client.post(f"/r/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/", {"debut": MARDI_10H.isoformat()})
    pour_moi = Demarche.objects.get(par_prescripteur=False)
    for nom in ("prescripteur", "code_prescripteur", "beneficiaire"):
        assert client.get(etape(nom, pour_moi))["Location"] == etape("demarche", pour_moi)


def test_the_code_given_before_opens_nothing_once_the_device_is_forgotten(client):
    demarche = choisir(client, un_monde())
    se_presenter(client, demarche)
    client.post(reverse("reservations:changer_de_prescripteur", args=[demarche.jeton]))
    client.post(etape("code_prescripteur", demarche), {"code": "000000"})
    assert client.get(etape("demarche", demarche))["Location"] == etape("prescripteur", demarche)
    assert "lea@ccas" not in client.get(etape("prescripteur", demarche)).content.decode()


def test_another_s_desk_says_it_is_not_them(client):
    monde = un_monde()
    prescrire(client, monde)
    demarche = choisir(client, monde, MARDI_10H)
    client.post(reverse("reservations:changer_de_prescripteur", args=[demarche.jeton]))
    assert not AppareilDuPrescripteur.objects.exists()
    assert client.get(etape("demarche", demarche))["Location"] == etape("prescripteur", demarche)
    se_presenter(client, demarche, prenom="Tom", courriel="tom@ccas.exemple.fr")
    confirmer_pour(client, demarche, prenom="Ali")
    assert RendezVous.objects.latest("debut").prescripteur.courriel == "tom@ccas.exemple.fr"


# --- The hold, tabs and sessions ------------------------------------------------------------------------------------


def test_an_expired_hold_is_taken_back_at_the_confirmation(client, horloge):
    demarche = choisir(client, un_monde())
    se_presenter(client, demarche)
    horloge.append(LUNDI_8H + timedelta(minutes=20))
    assert "n'est plus réservé pour vous" in texte(client.get(etape("beneficiaire", demarche)))
    confirmer_pour(client, demarche)
    assert RendezVous.objects.get().statut == Statut.PREVU


def test_a_slot_lost_keeps_what_was_typed_for_the_next_one(client, horloge):
    monde = un_monde()
    demarche = choisir(client, monde)
    se_presenter(client, demarche)
    horloge.append(LUNDI_8H + timedelta(minutes=20))
    RendezVous.objects.all().delete()
    prendre_ailleurs(monde, MARDI_9H)
    reponse = confirmer_pour(client, demarche, note="À garder")
    assert "Ce créneau vient d'être pris" in texte(reponse)
    action = arbre(reponse).xpath("//form/@action")[0]
    assert action.startswith("/p/")
    suite = client.post(action, {"debut": MARDI_10H.isoformat()})
    lu = arbre(client.get(suite["Location"]))
    assert lu.xpath("//input[@name='prenom']/@value") == ["Jeanne"]
    assert "À garder" in lu.xpath("string(//textarea[@name='note'])")


def test_extended_without_javascript_what_is_typed_stays(client):
    demarche = choisir(client, un_monde())
    se_presenter(client, demarche)
    adresse = f"{etape('prolonger', demarche)}?etape=beneficiaire"
    reponse = client.post(adresse, {**JEANNE, "note": "En cours"})
    lu = arbre(client.get(reponse["Location"]))
    assert lu.xpath("//input[@name='nom']/@value") == ["Martin"]
    assert "En cours" in lu.xpath("string(//textarea[@name='note'])")


def test_two_tabs_are_two_people(client):
    monde = un_monde()
    un, deux = choisir(client, monde, MARDI_9H), choisir(client, monde, MARDI_10H)
    se_presenter(client, un)
    confirmer_pour(client, deux, prenom="Ali", nom="Benali")
    confirmer_pour(client, un)
    pris = {(rdv.debut, str(rdv.participations.get())) for rdv in RendezVous.objects.all()}
    assert pris == {(MARDI_9H, "Jeanne Martin"), (MARDI_10H, "Ali Benali")}


def test_the_same_slot_in_two_tabs_is_for_the_first_person_and_the_second_is_told(client):
    monde = un_monde()
    demarche = choisir(client, monde)
    assert choisir(client, monde) == demarche
    se_presenter(client, demarche)
    confirmer_pour(client, demarche)
    lu = texte(client.get(confirmer_pour(client, demarche, prenom="Ali", nom="Benali")["Location"]))
    assert "déjà pris, pour Jeanne Martin. Le rendez-vous d'Ali Benali n'est pas pris" in lu
    assert Apprenant.objects.count() == 1


def test_sent_twice_it_is_the_same_person_however_the_name_is_spaced_or_known(client):
    monde = un_monde()
    prescrire(client, monde, prenom="Hélène")
    demarche = choisir(client, monde, MARDI_10H)
    for _ in range(2):
        fin = client.get(confirmer_pour(client, demarche, prenom=" Helene", nom="Martin ")["Location"])
    assert "Rendez-vous de Hélène Martin" in texte(fin)
    assert "n'est pas pris" not in texte(fin)


def test_two_tabs_sent_at_once_for_two_people_tell_the_one_who_has_no_rendez_vous(client, monkeypatch):
    demarche = choisir(client, un_monde())
    se_presenter(client, demarche)
    donner = prescripteurs.donner_beneficiaire

    def puis_l_autre_onglet(**champs):
        donner(**champs)
        donner(**{**champs, "prenom": "Ali", "nom": "Benali"})

    monkeypatch.setattr(prescripteurs, "donner_beneficiaire", puis_l_autre_onglet)
    lu = texte(client.get(confirmer_pour(client, demarche)["Location"]))
    assert str(Participation.objects.get()) == "Ali Benali"
    assert "déjà pris, pour Ali Benali. Le rendez-vous de Jeanne Martin n'est pas pris" in lu


def test_back_after_the_confirmation_shows_the_rendez_vous(client):
    rdv = prescrire(client, un_monde())
    demarche = Demarche.objects.get()
    for nom in ("demarche", "prescripteur", "code_prescripteur", "beneficiaire"):
        assert client.get(etape(nom, demarche))["Location"] == page(rdv)


def test_a_session_lost_loses_nothing_in_a_browser_that_remembers(client):
    monde = un_monde()
    prescrire(client, monde)
    demarche = choisir(client, monde, MARDI_10H)
    autre = Client()
    assert autre.get(etape("demarche", demarche)).status_code == 403
    autre.cookies["prescripteur"] = client.cookies["prescripteur"].value
    assert autre.get(etape("demarche", demarche))["Location"] == etape("beneficiaire", demarche)
    confirmer_pour(autre, demarche, prenom="Ali")
    assert RendezVous.objects.filter(statut=Statut.PREVU).count() == 2


def test_a_forged_or_stolen_cookie_is_nobody(client):
    demarche = choisir(client, un_monde())
    PrescripteurFactory()
    client.cookies["prescripteur"] = "secret:signature"
    assert client.get(etape("demarche", demarche))["Location"] == etape("prescripteur", demarche)


def test_an_old_device_asks_for_a_code_again(client, horloge):
    monde = un_monde()
    prescrire(client, monde)
    AppareilDuPrescripteur.objects.update(expire_a=LUNDI_8H)
    demarche = choisir(client, monde, MARDI_10H)
    assert client.get(etape("demarche", demarche))["Location"] == etape("prescripteur", demarche)


def test_a_slot_past_or_of_another_length_is_refused(client):
    monde = un_monde()
    adresse = f"/p/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/"
    for debut in (LUNDI_8H - timedelta(days=7), MARDI_9H + timedelta(minutes=30)):
        reponse = client.post(adresse, {"debut": debut.isoformat(), "duree": "5"})
        assert "Ce créneau vient d'être pris." in texte(reponse)
    assert not RendezVous.objects.exists()
    client.post(adresse, {"debut": MARDI_9H.isoformat(), "duree": "5"})
    assert RendezVous.objects.get().fin == MARDI_10H


# --- Whom the structure already knows -------------------------------------------------------------------------------


def test_a_known_person_is_reused_as_they_are_and_nothing_of_theirs_is_shown(client):
    monde = un_monde()
    connu = Apprenant.objects.create(
        structure=monde.structure,
        prenom="JEANNE",
        nom="Mártin",
        telephone="+33612345678",
        courriel="secrete@exemple.fr",
    )
    rdv = prescrire(client, monde, courriel="autre@exemple.fr")
    assert rdv.participations.get().apprenant == connu
    connu.refresh_from_db()
    assert (connu.courriel, connu.telephone) == ("secrete@exemple.fr", "+33612345678")
    for nom in ("prescription", "fiche_de_prescription", "annuler_prescription", "deplacer_prescription"):
        lu = client.get(page(rdv, nom)).content.decode()
        assert "secrete@" not in lu
        assert rdv.jeton not in lu
    a_lea = Message.objects.get(destinataire="lea@ccas.exemple.fr", confidentiel=False)
    assert "secrete@" not in a_lea.texte + ics_du_message(a_lea)
    assert rdv.jeton not in a_lea.texte


def test_an_address_is_never_added_to_someone_known_by_a_number(client):
    monde = un_monde()
    connu = Apprenant.objects.create(structure=monde.structure, prenom="Jeanne", nom="Martin", telephone="+33612345678")
    rdv = prescrire(client, monde, courriel="pirate@exemple.fr")
    assert rdv.participations.get().apprenant != connu
    connu.refresh_from_db()
    assert connu.courriel == ""


@pytest.mark.parametrize(
    "champs", [{"telephone": ""}, {"telephone": "06 00 00 00 01"}, {"nom": "Martins"}], ids=["none", "other", "name"]
)
def test_another_contact_or_name_is_another_person(client, champs):
    monde = un_monde()
    connu = Apprenant.objects.create(structure=monde.structure, prenom="Jeanne", nom="Martin", telephone="+33612345678")
    assert prescrire(client, monde, **champs).participations.get().apprenant != connu


def test_too_many_to_come_for_one_person_is_refused_without_saying_how_many(client, settings):
    settings.RENDEZ_VOUS_PAR_CONTACT = 1
    monde = un_monde()
    prescrire(client, monde)
    demarche = choisir(client, monde, MARDI_10H)
    lu = client.get(confirmer_pour(client, demarche)["Location"])
    assert "Cette personne ne peut pas avoir d'autre rendez-vous" in texte(lu)
    assert arbre(lu).xpath("//input[@name='prenom']/@value") == ["Jeanne"]
    confirmer_pour(client, demarche, prenom="Ali", telephone="")
    assert RendezVous.objects.filter(statut=Statut.PREVU).count() == 2


def test_too_many_a_day_for_one_prescriber_is_refused(client, settings, horloge):
    settings.RENDEZ_VOUS_PAR_PRESCRIPTEUR_ET_JOUR = 1
    monde = un_monde()
    prescrire(client, monde)
    demarche = choisir(client, monde, MARDI_10H)
    assert "Vous avez pris 1 rendez-vous en 24 heures" in texte(confirmer_pour(client, demarche, telephone=""))
    horloge.append(LUNDI_8H + timedelta(hours=24, minutes=1))
    confirmer_pour(client, choisir(client, monde, MARDI_11H), telephone="")
    assert RendezVous.objects.filter(statut=Statut.PREVU).count() == 2


# --- Messages -------------------------------------------------------------------------------------------------------


def test_the_three_are_told_who_booked_for_whom(client):
    rdv = prescrire(client, un_monde(), courriel="jeanne@exemple.fr", note="Préfère le matin.")
    a_jeanne = Message.objects.get(destinataire="jeanne@exemple.fr")
    assert "Léa Roux, de l'organisation CCAS de Crest, a pris rendez-vous pour vous." in a_jeanne.texte
    a_l_agent = Message.objects.get(destinataire=rdv.agent.courriel)
    assert "Prescrit par Léa Roux, CCAS de Crest\n04 75 00 00 00, lea@ccas.exemple.fr" in a_l_agent.texte
    assert "Note du prescripteur :\nPréfère le matin." in a_l_agent.texte
    assert "acceptées" not in a_l_agent.texte
    assert a_l_agent.repondre_a == "lea@ccas.exemple.fr"
    a_lea = Message.objects.get(destinataire="lea@ccas.exemple.fr", confidentiel=False)
    assert "Le rendez-vous que vous avez pris pour Jeanne Martin est confirmé." in a_lea.texte
    assert f"{settings.SITE_URL}{page(rdv)}" in a_lea.texte
    assert ics_du_message(a_lea) == ""


def test_the_sms_says_which_organisation_in_one_part(client, settings):
    settings.SMS_FOURNISSEUR = "demo"
    rdv = prescrire(client, un_monde())
    sms = Message.objects.get(canal="sms")
    assert sms.texte.startswith("CCAS de Crest a pris RDV pour vous : mardi 24 novembre")
    assert rdv.jeton in sms.texte


# --- With an agent's account ----------------------------------------------------------------------------------------


def test_an_agent_of_the_territory_books_with_their_account_alone(client):
    monde = un_monde()
    agent = AgentFactory(prenom="Tom", nom="Petit")
    AppartenanceFactory(agent=agent, structure=StructureFactory(nom="France Services de Die"), basique=True)
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    demarche = choisir(client, monde)
    lu = texte(client.get(etape("demarche", demarche), follow=True))
    assert "en tant que Tom Petit, France Services de Die, avec votre compte d'agent." in lu
    assert "Étape 2 sur 2" in lu
    rdv_page = confirmer_pour(client, demarche)["Location"]
    rdv = RendezVous.objects.get()
    assert (rdv.prescripteur.agent, rdv.prescripteur.courriel) == (agent, agent.courriel)
    assert "est confirmé" in texte(client.get(rdv_page))
    assert not Message.objects.filter(confidentiel=True).exists()
    confirmer_pour(client, choisir(client, monde, MARDI_10H), prenom="Ali")
    assert Prescripteur.objects.count() == 1


def test_an_agent_who_prescribed_without_account_stays_the_same_prescriber(client):
    agent = AgentFactory()
    AppartenanceFactory(agent=agent, structure=StructureFactory())
    deja = PrescripteurFactory(courriel=agent.courriel.upper())
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    assert prescrire(client, un_monde()).prescripteur == deja
    deja.refresh_from_db()
    assert deja.agent == agent


def test_an_agent_of_another_territory_says_who_they_are(client):
    agent = AgentFactory()
    AppartenanceFactory(agent=agent, structure=StructureFactory(departement="07"))
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    demarche = choisir(client, un_monde())
    assert client.get(etape("demarche", demarche))["Location"] == etape("prescripteur", demarche)
