"""Identifying: instructions, who, code, confirmation; the slot held meanwhile."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from motifs.models import TypeLieu
from reservations.courrier.envoi import ics_du_message
from reservations.models import Demarche, EnvoiDeCode, Message, Participation, RendezVous, Statut
from tests.factories import MotifFactory
from tests.htmx import page_apres_echange, page_rechargee
from tests.reservations.aides_parcours import (
    IDENTITE,
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    accepter,
    arbre,
    autre_code,
    boutons_de_creneau,
    choisir,
    code_recu,
    confirmer,
    demarche_de,
    donner_coordonnees,
    etape,
    page_des_creneaux,
    prendre_ailleurs,
    texte,
    titre,
    un_monde,
    une_plage,
)

pytestmark = pytest.mark.django_db
INSTRUCTIONS = "Apportez une pièce d'identité.\nFormulaire : https://exemple.fr/formulaire.pdf"


class Horloge:
    """The clock of the test: it only moves when told to."""

    def __init__(self):
        self.maintenant = LUNDI_8H

    def avancer(self, **duree):
        self.maintenant += timedelta(**duree)


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    horloge = Horloge()
    monkeypatch.setattr(timezone, "now", lambda: horloge.maintenant)
    return horloge


@pytest.fixture
def sms(settings):
    settings.SMS_FOURNISSEUR = "demo"


def vers(reponse):
    """The step to which an answer leads."""
    return reponse["Location"].rstrip("/").split("/")[-1]


def page_refusee(client, reponse):
    """The page that shows a form again: by a redirection to itself, so that "back" and "reload" never send it again."""
    assert reponse.status_code == 302
    assert reponse["Location"] == reponse.request["PATH_INFO"]
    return client.get(reponse["Location"])


# --- Order of the steps ---


def test_sans_instructions_les_coordonnees_viennent_tout_de_suite(client):
    demarche = demarche_de(client, un_monde())
    assert vers(client.get(etape("demarche", demarche))) == "coordonnees"
    assert vers(client.get(etape("instructions", demarche))) == demarche.jeton
    assert titre(client.get(etape("coordonnees", demarche))).startswith("Étape 2 sur 2 · Vos coordonnées")


def test_personne_ne_saute_une_etape_en_tapant_une_adresse(client):
    demarche = demarche_de(client, un_monde(instructions_a_accepter=INSTRUCTIONS))
    assert vers(client.get(etape("demarche", demarche))) == "instructions"
    assert vers(client.get(etape("coordonnees", demarche))) == "instructions"
    assert vers(client.get(etape("code", demarche))) == demarche.jeton
    assert vers(donner_coordonnees(client, demarche)) == "instructions"
    assert vers(client.post(etape("code", demarche), {"code": "000000"})) == demarche.jeton
    accepter(client, demarche)
    assert vers(client.get(etape("code", demarche))) == demarche.jeton
    assert vers(client.get(etape("demarche", demarche))) == "coordonnees"
    assert not Message.objects.exists()
    demarche.refresh_from_db()
    assert (demarche.prenom, demarche.rendez_vous.statut) == ("", Statut.OPTION)


def test_l_etape_est_comptee_avec_le_choix_du_motif_et_les_instructions(client):
    monde = un_monde(instructions_a_accepter=INSTRUCTIONS)
    une_plage(monde, motifs=[MotifFactory(structure=monde.structure, ouvert=True)], de=14, a=16)
    demarche = demarche_de(client, monde)
    assert titre(client.get(etape("instructions", demarche))).startswith("Étape 3 sur 4 · À lire")
    accepter(client, demarche)
    assert titre(client.get(etape("coordonnees", demarche))).startswith("Étape 4 sur 4 · Vos coordonnées")
    donner_coordonnees(client, demarche)
    assert titre(client.get(etape("code", demarche))).startswith("Étape 4 sur 4 · Votre code")


# --- Instructions ---


def test_les_instructions_sont_lues_puis_acceptees(client):
    demarche = demarche_de(client, un_monde(instructions_a_accepter=INSTRUCTIONS))
    page = client.get(etape("instructions", demarche))
    assert arbre(page).xpath("//main//a[@href='https://exemple.fr/formulaire.pdf']")
    envoi = {"texte": arbre(page).xpath("//input[@name='texte']/@value")[0].replace("\n", "\r\n")}
    refus = page_refusee(client, client.post(etape("instructions", demarche), envoi))
    assert "Cochez cette case pour continuer." in texte(refus)
    assert vers(client.post(etape("instructions", demarche), {**envoi, "accepte": "on"})) == demarche.jeton
    demarche.refresh_from_db()
    assert (demarche.instructions, demarche.instructions_acceptees_le) == (INSTRUCTIONS, LUNDI_8H)
    # "Back": still readable, already ticked.
    assert arbre(client.get(etape("instructions", demarche))).xpath("//input[@name='accepte']/@checked")


def test_instructions_changees_pendant_la_lecture_a_relire(client):
    monde = un_monde(instructions_a_accepter=INSTRUCTIONS)
    demarche = demarche_de(client, monde)
    monde.motif.instructions_a_accepter = "Apportez votre téléphone."
    monde.motif.save()
    reponse = page_refusee(client, accepter(client, demarche, texte=INSTRUCTIONS))  # as read before the change
    assert "Les instructions viennent de changer." in texte(reponse)
    assert "Apportez votre téléphone." in texte(reponse)
    assert arbre(reponse).xpath("//input[@name='texte']/@value") == ["Apportez votre téléphone."]
    assert not arbre(reponse).xpath("//input[@name='accepte']/@checked")
    demarche.refresh_from_db()
    assert demarche.instructions_acceptees_le is None


def test_instructions_changees_avant_la_confirmation_a_relire(client):
    monde = un_monde(instructions_a_accepter=INSTRUCTIONS)
    demarche = demarche_de(client, monde)
    accepter(client, demarche)
    donner_coordonnees(client, demarche)
    code = code_recu()
    monde.motif.instructions_a_accepter = "Apportez votre téléphone."
    monde.motif.save()
    reponse = client.post(etape("code", demarche), {"code": code}, follow=True)
    assert reponse.redirect_chain[-1][0] == etape("instructions", demarche)
    assert not RendezVous.objects.exclude(statut=Statut.OPTION).exists()


# --- Who ---


def test_les_coordonnees_envoient_un_code_par_e_mail(client):
    demarche = demarche_de(client, un_monde())
    reponse = donner_coordonnees(client, demarche)
    assert reponse["Location"] == etape("code", demarche)
    message = Message.objects.get()
    assert (message.destinataire, message.confidentiel) == ("jeanne@exemple.fr", True)
    page = client.get(etape("code", demarche))
    assert "par e-mail à jeanne@exemple.fr" in texte(page)
    assert "Votre rendez-vous n'est pas encore pris" in texte(page)
    champ = arbre(page).xpath("//input[@name='code']")[0]
    assert (champ.get("autocomplete"), champ.get("inputmode")) == ("one-time-code", "numeric")


def test_les_champs_se_remplissent_tout_seuls(client, sms):
    page = arbre(client.get(etape("coordonnees", demarche_de(client, un_monde()))))
    assert {c.get("name"): c.get("autocomplete") for c in page.xpath("//input[@autocomplete]")} == {
        "prenom": "given-name",
        "nom": "family-name",
        "courriel": "email",
        "telephone": "tel",
        "site": "off",
    }
    assert "E-mail ou téléphone portable : un seul suffit." in page.text_content()


def test_un_portable_suffit_et_recoit_le_code_par_sms(client, sms):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche, courriel="", telephone="06.12.34.56.78")
    message = Message.objects.get()
    assert (message.canal, message.destinataire) == ("sms", "+33612345678")
    assert "par SMS au 06 12 34 56 78" in texte(client.get(etape("code", demarche)))
    confirmer(client, demarche)
    assert Participation.objects.get().apprenant.telephone.as_e164 == "+33612345678"


def test_un_portable_de_la_reunion_recoit_le_code(client, sms):
    demarche = demarche_de(client, un_monde(structure={"reunion": True}), MARDI_9H - timedelta(hours=3))
    donner_coordonnees(client, demarche, courriel="", telephone="0692 12 34 56")
    assert Message.objects.get().destinataire == "+262692123456"


@pytest.mark.parametrize(
    ("champs", "champ", "erreur"),
    [
        ({"prenom": "  "}, "prenom", "Écrivez votre prénom."),
        ({"nom": ""}, "nom", "Écrivez votre nom."),
        ({"nom": "\u200b"}, "nom", "Écrivez votre nom."),
        ({"courriel": "jeanne@"}, "courriel", "Cette adresse e-mail n'est pas complète."),
        ({"courriel": '"\x7f"@exemple.fr'}, "courriel", "Cette adresse e-mail n'est pas complète."),
        ({"courriel": ""}, "courriel", "Écrivez une adresse e-mail ou un numéro de téléphone portable."),
        ({"courriel": "", "telephone": "04 75 25 00 00"}, "telephone", "ne peut pas recevoir le code par SMS"),
        ({"courriel": "", "telephone": "+44 7400 123456"}, "telephone", "ne peut pas recevoir le code par SMS"),
        ({"telephone": "06 12 34"}, "telephone", "Ce numéro n'existe pas."),
    ],
)
def test_une_erreur_est_dite_a_cote_du_champ_et_rien_n_est_perdu(client, sms, champs, champ, erreur):
    demarche = demarche_de(client, un_monde())
    reponse = page_refusee(client, donner_coordonnees(client, demarche, **champs))
    assert titre(reponse).startswith("Erreur : ")
    page = arbre(reponse)
    assert erreur in page.get_element_by_id(f"id_{champ}_error").text_content()
    assert page.get_element_by_id(f"id_{champ}").get("aria-invalid") == "true"
    attendues = {nom: valeur for nom, valeur in {**IDENTITE, **champs}.items() if valeur}
    ecrites = {c.get("name"): c.get("value") for c in page.xpath("//input[starts-with(@id, 'id_')][@value]")}
    assert ecrites == attendues
    assert not Message.objects.exists()


def test_sans_sms_l_e_mail_est_demande(client):
    demarche = demarche_de(client, un_monde())
    reponse = page_refusee(client, donner_coordonnees(client, demarche, courriel="", telephone="06 12 34 56 78"))
    assert "Écrivez votre adresse e-mail." in texte(reponse)
    assert not Message.objects.exists()


def test_un_motif_par_telephone_demande_le_numero_ou_appeler(client):
    demarche = demarche_de(client, un_monde(telephone=True))
    page = client.get(etape("coordonnees", demarche))
    assert "Le numéro où nous vous appellerons." in texte(page)
    refus = page_refusee(client, donner_coordonnees(client, demarche))
    assert "Écrivez le numéro où nous vous appellerons." in texte(refus)
    # A landline can be called; the code goes to the e-mail.
    assert vers(donner_coordonnees(client, demarche, telephone="04 75 25 00 01")) == "code"


def test_un_motif_a_domicile_demande_ou_aller(client):
    demarche = demarche_de(client, un_monde(type_lieu=TypeLieu.DOMICILE))
    refus = page_refusee(client, donner_coordonnees(client, demarche))
    assert "Écrivez l'adresse où nous venons." in texte(refus)
    assert vers(client.get(etape("code", demarche))) == demarche.jeton  # nobody skips the step
    saisie = "3 rue du Lac\r\n26400 Crest "
    assert vers(donner_coordonnees(client, demarche, adresse_domicile=saisie)) == "code"
    assert "À votre domicile : 3 rue du Lac, 26400 Crest." in texte(client.get(confirmer(client, demarche)["Location"]))
    assert "LOCATION:3 rue du Lac\\, 26400 Crest" in ics_du_message(Message.objects.filter(evenement__isnull=False)[0])


def test_le_retour_aux_coordonnees_les_retrouve_et_ne_renvoie_pas_de_code(client):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche, telephone="0612345678")
    page = arbre(client.get(etape("coordonnees", demarche)))
    valeurs = {c.get("name"): c.get("value") for c in page.xpath("//input[starts-with(@id, 'id_')]")}
    assert valeurs == {**IDENTITE, "telephone": "06 12 34 56 78", "site": None}
    donner_coordonnees(client, demarche, telephone="0612345678")  # a double click too
    assert Message.objects.count() == 1


def test_changer_d_adresse_envoie_un_nouveau_code_et_l_ancien_ne_marche_plus(client):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche)
    ancien = code_recu()
    donner_coordonnees(client, demarche, courriel="autre@exemple.fr")
    assert Message.objects.count() == 2
    if ancien != code_recu():
        reponse = page_refusee(client, client.post(etape("code", demarche), {"code": ancien}))
        assert "Ce n'est pas le bon code." in texte(reponse)
    confirmer(client, demarche)
    assert Participation.objects.get().apprenant.courriel == "autre@exemple.fr"


# --- Code ---


def test_le_bon_code_confirme_espaces_compris(client):
    monde = un_monde()
    demarche = demarche_de(client, monde)
    donner_coordonnees(client, demarche)
    code = code_recu()
    reponse = client.post(etape("code", demarche), {"code": f" {code[:3]} {code[3:]} "})
    rendez_vous = RendezVous.objects.get()
    assert reponse["Location"] == reverse("reservations:rendez_vous_public", args=[rendez_vous.jeton])
    assert (rendez_vous.statut, rendez_vous.debut) == (Statut.PREVU, MARDI_9H)
    # "Back", then again: the same rendez-vous, nothing twice.
    for nom in ("demarche", "coordonnees", "code", "instructions"):
        assert client.get(etape(nom, demarche))["Location"] == reponse["Location"]
    assert client.post(etape("code", demarche), {"code": code})["Location"] == reponse["Location"]
    assert RendezVous.objects.count() == 1
    # The slot is gone for the others.
    assert "mardi 24 novembre à 9 h" not in boutons_de_creneau(Client().get(page_des_creneaux(monde)))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_un_code_mal_ecrit_ne_compte_pas_comme_un_essai(client, code):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche)
    reponse = page_refusee(client, client.post(etape("code", demarche), {"code": code}))
    assert arbre(reponse).get_element_by_id("id_code").get("aria-invalid") == "true"
    demarche.refresh_from_db()
    assert demarche.code_essais == 0


def test_les_essais_sont_comptes_puis_il_faut_un_nouveau_code(client):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche)
    code = code_recu()
    faux = {"code": autre_code(code)}
    client.post(etape("code", demarche), faux)
    for _ in range(2):  # "reload" tries nothing again
        assert "Il vous reste 4 essais." in texte(client.get(etape("code", demarche)))
    for _ in range(4):
        reponse = page_refusee(client, client.post(etape("code", demarche), faux))
    assert "Demandez un nouveau code." in texte(reponse)
    reponse = page_refusee(client, client.post(etape("code", demarche), {"code": code}))
    assert "Trop d'essais avec ce code." in texte(reponse)
    assert "Renvoyer un code" in texte(reponse)
    client.post(etape("code", demarche), {"action": "renvoyer"})
    confirmer(client, demarche)
    assert RendezVous.objects.get().statut == Statut.PREVU


def test_un_code_trop_vieux_est_refuse(client, horloge, settings):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche)
    horloge.avancer(minutes=settings.CODE_MINUTES)
    assert "Ce code n'est plus valable." in texte(page_refusee(client, confirmer(client, demarche)))
    assert "Aucun code valable n'est en attente." in texte(client.get(etape("code", demarche)))


def test_renvoyer_un_code_jusqu_a_la_limite(client, horloge, settings):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche)
    for _ in range(2):  # a double click sends one
        client.post(etape("code", demarche), {"action": "renvoyer"})
    assert EnvoiDeCode.objects.count() == 1
    for _ in range(settings.CODES_PAR_DEMARCHE):
        horloge.avancer(minutes=1)
        reponse = client.post(etape("code", demarche), {"action": "renvoyer"}, follow=True)
    assert EnvoiDeCode.objects.count() == settings.CODES_PAR_DEMARCHE
    assert "Trop de codes ont été demandés." in texte(reponse)


def test_trop_de_codes_pour_ce_contact_garde_le_formulaire(client, settings):
    settings.CODES_PAR_CONTACT_ET_HEURE = 1
    monde = un_monde()
    donner_coordonnees(client, demarche_de(client, monde))
    demarche = demarche_de(client, monde, MARDI_10H)
    reponse = page_refusee(client, donner_coordonnees(client, demarche))
    assert "Trop de codes ont été demandés." in texte(reponse)
    assert arbre(reponse).get_element_by_id("id_prenom").get("value") == "Jeanne"
    demarche.refresh_from_db()
    assert demarche.prenom == "Jeanne"


# --- The slot lost meanwhile ---


def _perdre_le_creneau(demarche, monde, horloge):
    """The option expires, and somebody else takes the slot."""
    horloge.avancer(minutes=16)
    RendezVous.objects.all().delete()
    prendre_ailleurs(monde, MARDI_9H)


def test_creneau_perdu_a_la_confirmation_garde_tout_et_un_clic_suffit(client, horloge, settings):
    settings.CODE_MINUTES = 30
    monde = un_monde()
    demarche = demarche_de(client, monde)
    donner_coordonnees(client, demarche)
    _perdre_le_creneau(demarche, monde, horloge)
    reponse = confirmer(client, demarche)
    assert reponse.status_code == 200
    assert "Ce créneau vient d'être pris" in texte(reponse)
    assert "Ce que vous avez écrit est gardé." in texte(reponse)
    assert boutons_de_creneau(reponse) == [
        "lundi 23 novembre à 11 h",
        "mardi 24 novembre à 10 h",
        "mardi 24 novembre à 11 h",
    ]
    assert arbre(reponse).xpath("//*[@role='alert'][@autofocus]")
    bouton = arbre(reponse).xpath("//button[@name='debut']")[1]
    suite = client.post(
        arbre(reponse).xpath("//form[.//button[@name='debut']]/@action")[0], {"debut": bouton.get("value")}
    )
    assert suite["Location"] == etape("code", demarche)
    page = client.get(suite["Location"])
    assert "Confirmez votre rendez-vous" in texte(page)
    assert not arbre(page).xpath("//input[@name='code']")
    client.post(etape("code", demarche))
    assert RendezVous.objects.filter(statut=Statut.PREVU, debut=MARDI_10H, participations__isnull=False).count() == 1
    assert Message.objects.filter(confidentiel=True).count() == 1


# --- The slot held ---


def test_le_choix_et_le_temps_qui_reste_sont_toujours_visibles(client, horloge):
    demarche = demarche_de(client, un_monde())
    horloge.avancer(minutes=1)
    for nom in ("coordonnees", "code"):
        lu = texte(client.get(etape(nom, demarche)))
        assert "mardi 24 novembre à 9 h, Salle numérique Changer" in lu
        assert "Ce créneau vous est réservé encore 14 minutes." in lu
        donner_coordonnees(client, demarche)


def test_garder_plus_longtemps_ne_perd_pas_ce_qui_est_en_train_d_etre_ecrit(client, horloge):
    demarche = demarche_de(client, un_monde())
    horloge.avancer(minutes=10)
    brouillon = {"prenom": "Jea", "nom": "", "courriel": "jeanne@", "telephone": ""}
    reponse = client.post(f"{etape('prolonger', demarche)}?etape=coordonnees", brouillon, follow=True)
    assert reponse.redirect_chain[-1][0] == etape("coordonnees", demarche)
    assert "encore 15 minutes" in texte(reponse)
    page = arbre(reponse)
    assert page.get_element_by_id("id_prenom").get("value") == "Jea"
    assert page.get_element_by_id("id_courriel").get("value") == "jeanne@"
    assert "Erreur" not in titre(reponse)


def test_sous_htmx_seul_le_temps_qui_reste_change(client, horloge):
    demarche = demarche_de(client, un_monde())
    page = client.get(etape("coordonnees", demarche))
    horloge.avancer(minutes=10)
    reponse = client.post(f"{etape('prolonger', demarche)}?etape=coordonnees", headers={"HX-Request": "true"})
    assert "<form" not in reponse.content.decode()
    apres = page_apres_echange(page.content, reponse.content, "garde")
    rechargee = page_rechargee(client.get(etape("coordonnees", demarche)).content)
    assert apres.replace(' data-annonce="Votre créneau est gardé plus longtemps."', "") == rechargee


def test_on_ne_garde_pas_un_creneau_plus_d_une_heure(client, horloge):
    demarche = demarche_de(client, un_monde())
    for _ in range(6):
        horloge.avancer(minutes=9)
        reponse = client.post(f"{etape('prolonger', demarche)}?etape=coordonnees", follow=True)
    assert "encore 6 minutes" in texte(reponse)
    assert "Garder plus longtemps" not in texte(reponse)


def test_expire_le_creneau_se_reprend_d_un_clic(client, horloge):
    demarche = demarche_de(client, un_monde())
    horloge.avancer(minutes=16)
    page = client.get(etape("coordonnees", demarche))
    assert "Ce créneau n'est plus réservé pour vous." in texte(page)
    client.post(f"{etape('prolonger', demarche)}?etape=coordonnees")  # from a page that was open: nothing happens
    adresse = arbre(page).xpath("//button[contains(., 'Le reprendre')]/@formaction")[0]
    reponse = client.post(adresse, {"prenom": "Jea"}, follow=True)
    assert "encore 15 minutes" in texte(reponse)
    assert arbre(reponse).get_element_by_id("id_prenom").get("value") == "Jea"


# --- Sessions and tabs ---


def test_une_demarche_inconnue_ou_effacee_est_une_session_terminee(client):
    demarche_de(client, un_monde())
    assert client.get(reverse("reservations:demarche", args=["inconnue"])).status_code == 403
    assert client.get("/reservation/%00/").status_code == 404


def test_un_troisieme_onglet_rend_le_plus_ancien_creneau_mais_garde_ce_qui_est_ecrit(client, horloge):
    monde = un_monde()
    premiere = demarche_de(client, monde)
    donner_coordonnees(client, premiere)
    horloge.avancer(seconds=1)
    demarche_de(client, monde, MARDI_10H)
    horloge.avancer(seconds=1)
    choisir(client, monde, MARDI_10H + timedelta(hours=1))
    page = client.get(etape("coordonnees", premiere))
    assert "Ce créneau n'est plus réservé pour vous." in texte(page)
    assert arbre(page).get_element_by_id("id_prenom").get("value") == "Jeanne"
    assert Demarche.objects.count() == 3


def test_rien_de_ce_qui_etait_ecrit_ne_reste_dans_la_session_une_fois_accepte(client):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche, courriel="jeanne@")
    assert "jeanne@" in str(dict(client.session))
    donner_coordonnees(client, demarche)
    assert "jeanne" not in str(dict(client.session)).lower()


def test_ce_qui_est_ecrit_puis_abandonne_ne_reste_qu_un_jour(client, settings):
    """As the privacy notice says: the session itself would last two weeks."""
    demarche = demarche_de(client, un_monde())
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE
    donner_coordonnees(client, demarche, courriel="jeanne@")
    assert client.session.get_expiry_age() == 24 * 3600
    donner_coordonnees(client, demarche)
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_la_page_d_un_refus_apres_un_envoi_peut_etre_revue_par_le_retour_arriere(client):
    monde = un_monde()
    prendre_ailleurs(monde, MARDI_9H)
    assert "no-store" not in choisir(client, monde)["Cache-Control"]
    assert "no-store" in client.get(page_des_creneaux(monde))["Cache-Control"]
