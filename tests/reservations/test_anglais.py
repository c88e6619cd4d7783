"""The whole path in English: every page is read, and no French is left but what the structure wrote."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from motifs.models import TypeLieu
from reservations import services
from reservations.courrier import redaction
from reservations.courrier.envoi import envoyer, ics_du_message
from reservations.courrier.messagerie import ecrire_rappels
from reservations.courrier.sms import GSM7, GSM7_DOUBLES, UNE_PARTIE, longueur_gsm7
from reservations.models import Apprenant, Demarche, Message, RendezVous, Statut
from structures.models import AncienLien, MessagesRecus
from tests.aides_agent import connecte, une_equipe
from tests.factories import LieuFactory, MotifFactory
from tests.reservations.aides_parcours import (
    Monde,
    autre_code,
    code_recu,
    confirmer,
    donner_coordonnees,
    etape,
    page_des_creneaux,
    prendre_ailleurs,
    un_monde,
    une_plage,
)

pytestmark = pytest.mark.django_db
# Words that no English sentence has: one of them in a page, and a sentence of it was left in French.
FRANCAIS = re.compile(
    r"\b(?:le|la|les|des|du|une|est|et|vous|votre|vos|nous|avec|pour|par|dans|rendez-vous|ou|ne|pas|ce|cette|aucun|jour|"
    r"heures?|mois|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|novembre|décembre)\b|\b[ldnsc]['’](?=\w)|"
    r"[àâçéèêëîïôùûœ«»]|\d h\b|\s[:?!]",
    re.IGNORECASE,
)
LUS = ("title", "aria-label", "alt", "placeholder", "data-expire-message", "data-reste", "data-minutes", "data-annonce")


@pytest.fixture
def anglais(client: Client, settings) -> Client:
    settings.SECONDES_AVANT_CONTACT = 0
    settings.SMS_FOURNISSEUR = "console"
    client.cookies["langue"] = "en"
    return client


def lu(reponse: HttpResponse, statut: int = 200) -> str:
    """Return what a page says, once sure that it is in English but for what is marked as French."""
    assert reponse.status_code == statut
    page = html.document_fromstring(reponse.content.decode().replace("RDV Aide Numérique", ""))
    assert (page.get("lang"), page.get("dir")) == ("en", "ltr")
    for element in page.xpath("//script | //form[@class='rdv-langue']"):
        element.drop_tree()
    main = " ".join(page.xpath("//main")[0].text_content().split())
    for element in page.xpath("//*[@lang='fr']"):
        element.drop_tree()
    textes = [*page.itertext(), *(str(valeur) for nom in LUS for valeur in page.xpath(f"//@{nom}"))]
    assert [texte.strip() for texte in textes if FRANCAIS.search(texte.strip())] == []
    return main


def ouvrir(client: Client, adresse: str, statut: int = 200) -> str:
    return lu(client.get(adresse, follow=True), statut)


def un_monde_ouvert(**champs: object) -> Monde:
    structure = {"nom": "Crest Digital", "telephone": "+33475000000"}
    return un_monde(maintenant=timezone.now(), structure=structure, **champs)


def un_instant_libre(client: Client, monde: Monde) -> str:
    page = html.document_fromstring(client.get(page_des_creneaux(monde)).content.decode())
    return str(page.xpath("//button[@name='debut']/@value")[-1])


def une_demarche(client: Client, monde: Monde) -> Demarche:
    client.post(page_des_creneaux(monde), {"debut": un_instant_libre(client, monde)})
    return Demarche.objects.latest("pk")


def un_rendez_vous(client: Client, monde: Monde, **champs: str) -> RendezVous:
    demarche = une_demarche(client, monde)
    donner_coordonnees(client, demarche, nom="Smith", **champs)
    confirmer(client, demarche)
    return RendezVous.objects.get(demarche=demarche, demarche__confirmee_le__isnull=False)


def adresse(nom: str, rendez_vous: RendezVous) -> str:
    return reverse(f"reservations:{nom}", args=[rendez_vous.jeton])


def test_choosing_is_in_english(anglais: Client) -> None:
    monde = un_monde_ouvert()
    photos = MotifFactory(structure=monde.structure, ouvert=True, nom="Photos", type_lieu=TypeLieu.TELEPHONE)
    une_plage(monde, maintenant=timezone.now(), motifs=[photos])
    annexe = LieuFactory(structure=monde.structure, nom="Annexe")
    une_plage(monde, maintenant=timezone.now(), lieu=annexe, de=14, a=18)
    page = ouvrir(anglais, reverse("reservations:choix_motif", args=[monde.structure.lien]))
    assert "What do you want an appointment for?" in page
    assert re.search(r"Accompagnement individuel 1 hour · on site Soonest: \w+( \d+ \w+)? at \d+:\d\d", page)
    assert "Where do you want to come?" in ouvrir(
        anglais, reverse("reservations:choix_lieu", args=[monde.structure.lien, monde.motif.pk])
    )
    ici = page_des_creneaux(monde, lieu=str(monde.lieu.pk))
    for parametres in ("", "&moment=apres-midi", "&semaine=2099-01-04", "&semaine=2099-01-04&moment=matin"):
        assert "Choose a day and a time" in ouvrir(anglais, f"{ici}{parametres}")


def test_nothing_free_and_closed_links_are_in_english(anglais: Client) -> None:
    monde = un_monde_ouvert(ouvrir=False)
    assert "No times are open online" in ouvrir(anglais, page_des_creneaux(monde))
    accueil = reverse("reservations:choix_motif", args=[monde.structure.lien])
    assert "No online appointments at the moment" in ouvrir(anglais, accueil)
    absent = reverse("reservations:choix_creneau", args=[monde.structure.lien, 999_999])
    assert "cannot be booked online" in ouvrir(anglais, absent, 404)
    AncienLien.objects.create(structure=monde.structure, lien="ancien", remplace_le=timezone.now())
    assert "has been replaced" in ouvrir(anglais, reverse("reservations:choix_motif", args=["ancien"]), 410)
    monde.structure.lien_ferme, monde.structure.telephone = True, ""
    monde.structure.save()
    assert "Online booking is closed" in ouvrir(anglais, accueil, 404)


def test_a_time_that_is_lost_is_said_in_english(anglais: Client) -> None:
    monde = un_monde_ouvert()
    assert "This time is not in the list." in lu(anglais.post(page_des_creneaux(monde), {"debut": "x"}))
    demarche = une_demarche(anglais, monde)
    RendezVous.objects.all().delete()
    prendre_ailleurs(monde, demarche.debut)
    pris = lu(anglais.post(page_des_creneaux(monde), {"debut": demarche.debut.isoformat()}))
    assert "Someone has just taken this time. Here are the nearest ones." in pris
    reprise = anglais.post(f"{etape('reprendre', demarche)}?etape=coordonnees", {"prenom": "Jeanne"})
    assert "What you typed is kept. Choose another time." in lu(reprise)
    # The address of that answer takes no GET: another language is chosen at the step itself.
    assert html.document_fromstring(reprise.content).xpath("//form[@class='rdv-langue']/input/@value") == [
        etape("demarche", demarche)
    ]
    monde.motif.reservable_en_ligne = False
    monde.motif.save()
    assert "can no longer be booked online" in ouvrir(anglais, etape("coordonnees", demarche))


def _en_anglais(client: Client, adresse: str, **champs: str) -> html.HtmlElement:
    """Press "English" while these fields are being filled; return the page that follows."""
    bouton = html.document_fromstring(client.get(adresse).content.decode()).xpath("//button[@name='language']")[0]
    formulaire = bouton.xpath(f"//form[@id='{bouton.get('form')}']")[0]
    assert formulaire.get("action") is None
    # "Enter" presses the first button of the form, wherever it stands: not this one.
    assert bouton.xpath(f"//button[@form='{bouton.get('form')}']")[0].get("name") is None
    suite = client.post(adresse, {**champs, "language": bouton.get("value")})
    assert (suite.status_code, suite["Location"]) == (302, adresse)
    page = html.document_fromstring(client.get(adresse).content.decode())
    assert page.get("lang") == "en"
    assert page.xpath("//*[@aria-invalid='true']") == []
    return page


def _valeurs(page: html.HtmlElement) -> dict[str, str]:
    return {champ.get("name"): champ.get("value", "") for champ in page.xpath("//form[@id='etape']//input")}


def test_another_language_in_the_middle_of_a_step_keeps_what_is_typed(client: Client, settings) -> None:
    settings.SECONDES_AVANT_CONTACT = 0
    demarche = une_demarche(client, un_monde_ouvert(instructions_a_accepter="Venez avec votre téléphone."))
    page = _en_anglais(client, etape("instructions", demarche), accepte="on")
    assert page.xpath("//input[@name='accepte']/@checked")
    client.post(etape("instructions", demarche), {"texte": "Venez avec votre téléphone.", "accepte": "on"})

    client.cookies["langue"] = "fr"
    ecrit = {"prenom": "Jeanne", "nom": "Mar", "courriel": "jeanne@", "telephone": "06 12"}
    page = _en_anglais(client, etape("coordonnees", demarche), **ecrit)
    assert ecrit.items() <= _valeurs(page).items()
    assert not Message.objects.exists()

    donner_coordonnees(client, demarche)
    client.cookies["langue"] = "fr"
    assert _valeurs(_en_anglais(client, etape("code", demarche), code="12"))["code"] == "12"


def test_another_language_keeps_what_is_typed_outside_of_a_booking_once(client: Client) -> None:
    monde = un_monde_ouvert()
    pages = {
        reverse("reservations:mes_rendez_vous"): {"contact": "jeanne@exem"},
        reverse("reservations:attendre", args=[monde.structure.lien, monde.motif.pk]) + f"?lieu={monde.lieu.pk}": {
            "prenom": "Jeanne",
            "courriel": "jeanne@exem",
        },
    }
    for adresse, ecrit in pages.items():
        client.cookies["langue"] = "fr"
        assert ecrit.items() <= _valeurs(_en_anglais(client, adresse, **ecrit)).items()
        # Anybody may open that address at this computer.
        relue = html.document_fromstring(client.get(adresse).content.decode())
        assert [champ for champ in _valeurs(relue).values() if "jeanne" in champ.lower()] == []
    assert not Message.objects.exists()

    client.post(reverse("reservations:mes_rendez_vous"), {"contact": "jeanne@exemple.fr"})
    client.cookies["langue"] = "fr"
    page = _en_anglais(client, reverse("reservations:mes_rendez_vous_code"), code="12")
    assert _valeurs(page)["code"] == "12"


@pytest.mark.parametrize("type_lieu", [TypeLieu.SUR_PLACE, TypeLieu.DOMICILE])
def test_identifying_and_its_errors_are_in_english(anglais: Client, settings, type_lieu: TypeLieu) -> None:
    monde = un_monde_ouvert(type_lieu=type_lieu, instructions_a_accepter="Venez avec votre téléphone.")
    demarche = une_demarche(anglais, monde)
    assert "Please read before you book" in ouvrir(anglais, etape("instructions", demarche))
    assert "Tick this box" in lu(anglais.post(etape("instructions", demarche), {"texte": "x"}, follow=True))
    anglais.post(
        etape("instructions", demarche), {"texte": "Venez avec votre téléphone.", "accepte": "on"}, follow=True
    )
    assert "Your contact details" in ouvrir(anglais, etape("coordonnees", demarche))
    for champs in (
        {"prenom": "", "nom": "", "courriel": "", "telephone": ""},
        {"courriel": "jeanne", "telephone": "12"},
        {"courriel": "", "telephone": "04 75 00 00 00"},
        {"site": "robot"},
    ):
        reponse = donner_coordonnees(anglais, demarche, adresse_domicile="", **champs)
        page = ouvrir(anglais, reponse["Location"])
        assert "Something needs to be corrected" in page or "not a robot" in page
    donner_coordonnees(anglais, demarche, telephone="06 12 34 56 78", adresse_domicile="1 Main Street, Crest")
    assert "Your appointment is not booked yet" in ouvrir(anglais, etape("code", demarche))
    juste = code_recu()
    for essai, attendu in (("", "Type the code"), ("12", "has 6 digits"), (autre_code(juste), "You have 4 tries left")):
        assert attendu in lu(anglais.post(etape("code", demarche), {"code": essai}, follow=True))
    assert "A new code is on its way" in lu(anglais.post(etape("code", demarche), {"action": "renvoyer"}, follow=True))
    assert "is kept for you for 15 minutes" in ouvrir(anglais, etape("code", demarche))
    settings.CODES_PAR_DEMARCHE = 1
    Demarche.objects.update(code_expire_a=timezone.now() - timedelta(minutes=1))
    assert "Too many codes" in lu(anglais.post(etape("code", demarche), {"action": "renvoyer"}, follow=True))
    RendezVous.objects.update(expire_a=timezone.now() - timedelta(minutes=1))
    assert "This time is no longer kept for you." in ouvrir(anglais, etape("code", demarche))
    assert "Your session is over" in lu(Client(headers={"Cookie": "langue=en"}).get(etape("code", demarche)), 403)


@pytest.mark.parametrize("type_lieu", [TypeLieu.SUR_PLACE, TypeLieu.TELEPHONE])
def test_the_rendez_vous_and_its_pages_are_in_english(anglais: Client, type_lieu: TypeLieu) -> None:
    monde = un_monde_ouvert(type_lieu=type_lieu, information_apres="Apportez votre téléphone.")
    rendez_vous = un_rendez_vous(anglais, monde, telephone="06 12 34 56 78", adresse_domicile="1 Main Street, Crest")
    assert "Your appointment is confirmed" in ouvrir(anglais, adresse("rendez_vous_public", rendez_vous))
    assert "Your appointment" in ouvrir(anglais, adresse("rendez_vous_public", rendez_vous))
    assert "My appointment" in ouvrir(anglais, adresse("feuille", rendez_vous))
    assert "Where should we send it?" in ouvrir(anglais, adresse("renvoyer_confirmation", rendez_vous))
    renvoi = anglais.post(adresse("renvoyer_confirmation", rendez_vous), {"canal": "courriel"}, follow=True)
    assert "The confirmation is on its way to jeanne@exemple.fr." in lu(renvoi)
    assert "Choose another day or another time" in ouvrir(anglais, adresse("deplacer_rendez_vous", rendez_vous))
    libre = html.document_fromstring(anglais.get(adresse("deplacer_rendez_vous", rendez_vous)).content.decode())
    autre = libre.xpath("//button[@name='debut']/@value")[-1]
    confirmation = adresse("confirmer_deplacement_public", rendez_vous)
    assert "Do you want to change" in lu(anglais.get(confirmation, {"debut": autre}))
    assert "Your appointment has not changed." in lu(anglais.get(confirmation, {"debut": "x"}, follow=True))
    assert "has been moved" in lu(anglais.post(confirmation, {"debut": autre}, follow=True))
    assert "Do you want to cancel" in ouvrir(anglais, adresse("annuler_rendez_vous", rendez_vous))
    assert "is cancelled You cancelled it on" in lu(
        anglais.post(adresse("annuler_rendez_vous", rendez_vous), follow=True)
    )


def test_what_is_too_late_or_cancelled_by_the_structure_is_said_in_english(anglais: Client) -> None:
    monde = un_monde_ouvert()
    rendez_vous = un_rendez_vous(anglais, monde)
    monde.structure.annulation_heures = monde.structure.deplacement_heures = 24 * 7
    monde.structure.save()
    assert "It is too late to change it or cancel it online." in ouvrir(
        anglais, adresse("rendez_vous_public", rendez_vous)
    )
    assert "It is too late to move" in ouvrir(anglais, adresse("deplacer_rendez_vous", rendez_vous))
    monde.structure.annulation_heures = 2
    monde.structure.save()
    assert "you can cancel up to 2 hours before" in ouvrir(anglais, adresse("rendez_vous_public", rendez_vous))
    services.annuler_par_structure(rendez_vous=rendez_vous, message="Je suis malade.", maintenant=timezone.now())
    assert "Crest Digital cancelled it on" in ouvrir(anglais, adresse("rendez_vous_public", rendez_vous))
    for age, statut, attendu in ((1, 200, "Your appointment"), (100, 410, "This link no longer works")):
        debut = timezone.now() - timedelta(days=age)
        RendezVous.objects.update(debut=debut, fin=debut + timedelta(hours=1))
        assert attendu in ouvrir(anglais, adresse("rendez_vous_public", rendez_vous), statut)


def test_my_rendez_vous_are_in_english(anglais: Client) -> None:
    mes_rendez_vous = reverse("reservations:mes_rendez_vous")
    annule = un_rendez_vous(anglais, un_monde_ouvert())
    services.annuler_par_apprenant(rendez_vous=annule, maintenant=timezone.now())
    un_rendez_vous(anglais, un_monde_ouvert())
    assert "We will send a 6-digit code there." in ouvrir(anglais, mes_rendez_vous)
    for contact in ("", "jeanne"):
        assert "Something needs to be corrected" in lu(anglais.post(mes_rendez_vous, {"contact": contact}))
    assert "Type the code" in lu(anglais.post(mes_rendez_vous, {"contact": "jeanne@exemple.fr"}, follow=True))
    code = reverse("reservations:mes_rendez_vous_code")
    assert "You have 4 tries left" in lu(anglais.post(code, {"code": autre_code(code_recu())}))
    liste = lu(anglais.post(code, {"code": code_recu()}, follow=True))
    assert "To come" in liste
    assert "Past or cancelled" in liste
    quitte = anglais.post(reverse("reservations:mes_rendez_vous_quitter"), follow=True)
    assert "no longer shown on this device" in lu(quitte)


# --- Messages -------------------------------------------------------------------------------------------------------


def test_what_is_written_to_a_learner_stays_in_the_language_they_chose(anglais: Client) -> None:
    """Whoever acts and when: the agent two weeks later, the job of the reminders. To the agent, French."""
    monde = un_monde_ouvert(nom="Computing")
    monde.structure.rappel_48h = True
    monde.structure.save()
    monde.agent.messages_recus = MessagesRecus.TOUS
    monde.agent.save()
    rendez_vous = un_rendez_vous(anglais, monde)
    assert Message.objects.get(confidentiel=True).sujet == "Your code to book an appointment"
    avant = rendez_vous.debut - timedelta(days=9)
    RendezVous.objects.update(cree_le=avant)
    Message.objects.filter(rendez_vous=rendez_vous).update(cree_le=avant)
    assert ecrire_rappels(maintenant=rendez_vous.debut - timedelta(days=1)) == 1
    services.annuler_par_structure(rendez_vous=rendez_vous, message="", maintenant=timezone.now())
    recus = list(Message.objects.filter(destinataire="jeanne@exemple.fr", confidentiel=False).order_by("pk"))
    assert [message.sujet.partition(":")[0] for message in recus] == [
        "Appointment confirmed",
        "Reminder of your appointment",
        "Appointment cancelled",
    ]
    assert "SUMMARY:Computing with Crest Digital" in ics_du_message(recus[0])
    for message in recus:
        propre = f"{message.sujet}\n{message.texte}".replace(str(monde.agent), "").replace(monde.lieu.nom, "")
        lignes = propre.replace(monde.lieu.adresse_complete, "").splitlines()
        assert [ligne for ligne in lignes if FRANCAIS.search(ligne.strip()) and "http" not in ligne] == []
    envoyes = list(Message.objects.filter(destinataire=monde.agent.courriel).order_by("pk"))
    assert [message.sujet.partition(" :")[0] for message in envoyes] == ["Nouveau rendez-vous", "Rendez-vous annulé"]
    assert {message.langue for message in envoyes} == {"fr"}


def test_the_email_sent_says_its_language(anglais: Client, mailoutbox) -> None:
    rendez_vous = un_rendez_vous(anglais, un_monde_ouvert())
    envoyer(Message.objects.get(rendez_vous=rendez_vous, destinataire="jeanne@exemple.fr").pk)
    (corps,) = [morceau.content for morceau in mailoutbox[0].alternatives]
    assert '<html lang="en" dir="ltr">' in corps


def test_the_language_is_the_one_of_the_last_booking(anglais: Client) -> None:
    monde = un_monde_ouvert()
    un_rendez_vous(anglais, monde)
    assert Apprenant.objects.get().langue == "en"
    anglais.cookies["langue"] = "fr"
    un_rendez_vous(anglais, monde)
    assert Apprenant.objects.get().langue == "fr"


@pytest.mark.parametrize("type_lieu", list(TypeLieu))
def test_an_sms_in_english_is_one_part(settings, type_lieu: TypeLieu) -> None:
    """On the longest of days, in a place with a long name."""
    settings.SITE_URL = "https://rdv.conseiller-numerique.example"
    monde = un_monde(ouvrir=False, type_lieu=type_lieu)
    monde.lieu.nom = "Médiathèque départementale François-Mitterrand de la vallée"
    rendez_vous = prendre_ailleurs(monde, datetime(2026, 9, 23, 10, 30, tzinfo=UTC))
    with translation.override("en"):
        textes = [
            redaction.code_par_sms("123456"),
            redaction.code_par_sms("123456", redaction.Pour.VOIR),
            redaction.code_par_sms("123456", redaction.Pour.ATTENDRE),
            redaction.confirmation_par_sms(rendez_vous),
            redaction.deplacement_par_sms(rendez_vous),
            redaction.rappel_par_sms(rendez_vous),
            redaction.annulation_par_sms(rendez_vous),
        ]
        rendez_vous.statut = Statut.EXCUSE
        textes.append(redaction.annulation_par_sms(rendez_vous))
    assert [texte for texte in textes if longueur_gsm7(texte) > UNE_PARTIE or set(texte) - GSM7 - GSM7_DOUBLES] == []
    assert textes[3].startswith("Appointment Wednesday 23 September at 12:30, ")


def test_errors_of_the_public_pages_are_in_english(anglais: Client) -> None:
    assert "This page does not exist" in ouvrir(anglais, "/r/x/", 404)
    sans_jeton = Client(enforce_csrf_checks=True, headers={"Cookie": "langue=en"})
    assert "The form was not sent" in lu(sans_jeton.post(reverse("reservations:mes_rendez_vous")), 403)


def test_agents_pages_are_in_french_whatever_was_chosen(settings) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    for nom in ("reservations:rendez_vous", "reservations:agenda", "motifs:motifs", "structures:lieux"):
        en_francais = client.get(equipe.adresse(nom)).content.decode()
        client.cookies["langue"] = "en"
        assert _sans_jeton(client.get(equipe.adresse(nom)).content.decode()) == _sans_jeton(en_francais)
        del client.cookies["langue"]
    client.cookies["langue"] = "en"
    assert "Cette page n'existe pas" in client.get(equipe.adresse("motifs:modifier_motif", 0)).content.decode()


def _sans_jeton(page: str) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", page)
