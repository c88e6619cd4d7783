"""What happens to people at each step: the base is right, and one sentence says it.

                      motif  lieu  créneau  instructions  coordonnées  code  confirmation  afterwards
    closed tab          x     x      x          x             x         x         x            .
    back                .     .      x          x             x         x         x            x
    double click        .     .      x          x             x         x         x            x
    two tabs            .     .      x          x             x         x         x            d
    hold expired        .     .      .          x             x         x         .            .
    session expired     .     .      x          x             x         x         x            x
    code, five times    .     .      .          .             x         x         .            m
    slot taken          x     x      x          x             x         x         .            d
    motif closed        x     x      x          x             x         x         x            x
    agent absent        x     x      x          x             x         x         x            x

x: here; d: test_deplacement_public; m: test_mes_rendez_vous; a dot: the event means nothing there. The real browser
goes back and double clicks too (tests/navigateur/test_parcours.py).
"""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from plages.models import Absence
from plages.services import enregistrer_absence
from reservations.models import Demarche, EnvoiDeCode, Message, Participation, RendezVous, Statut
from tests.factories import LieuFactory, MotifFactory
from tests.reservations.aides_parcours import (
    IDENTITE,
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    Monde,
    accepter,
    arbre,
    autre_code,
    boutons_de_creneau,
    choisir,
    code_recu,
    confirmer,
    donner_coordonnees,
    etape,
    page_des_creneaux,
    prendre_ailleurs,
    texte,
    un_agent,
    un_monde,
    une_plage,
)

pytestmark = pytest.mark.django_db
TENUES = ("instructions", "coordonnees", "code")  # the steps during which a slot is held
CHOIX = ("choix_motif", "choix_lieu", "choix_creneau")
JOUR = MARDI_9H.date()


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


@pytest.fixture
def monde() -> Monde:
    """One agent, on that Tuesday from 9 h to 12 h; two motifs and two lieux, so that each step exists."""
    monde = un_monde(ouvrir=False, instructions_a_accepter="Apportez une pièce d'identité.")
    autre = MotifFactory(structure=monde.structure, nom="Atelier", ouvert=True)
    annexe = LieuFactory(structure=monde.structure, nom="Annexe")
    une_fois = {"frequence": "unique", "jours": [], "premier_jour": JOUR}
    une_plage(monde, motifs=[monde.motif], **une_fois)
    une_plage(monde, motifs=[monde.motif, autre], lieu=annexe, agent=un_agent(monde.structure), de=14, a=15, **une_fois)
    return monde


def aller(nom: str, client: Client, monde: Monde, debut=MARDI_9H) -> Demarche:
    """Go to a step of the path, holding a slot."""
    demarche = demarche_de_ce_lieu(client, monde, debut)
    if nom != "instructions":
        accepter(client, demarche)
    if nom == "code":
        donner_coordonnees(client, demarche)
    return demarche


def demarche_de_ce_lieu(client: Client, monde: Monde, debut=MARDI_9H) -> Demarche:
    reponse = choisir(client, monde, debut, lieu=str(monde.lieu.pk))
    return Demarche.objects.get(jeton=reponse["Location"].split("/")[2])


def envoyer(nom: str, client: Client, demarche: Demarche) -> HttpResponse:
    """Send the form of a step, and read the page that answers."""
    champs = {
        "instructions": {"texte": demarche.motif.instructions_a_accepter, "accepte": "on"},
        "coordonnees": IDENTITE,
        "code": {"code": code_recu() if nom == "code" else ""},
    }
    return client.post(etape(nom, demarche), champs[nom], follow=True)


def finir(nom: str, client: Client, demarche: Demarche) -> HttpResponse:
    """Go from a step to the end, and return the last page."""
    for suivante in TENUES[TENUES.index(nom) :]:
        reponse = envoyer(suivante, client, demarche)
    return reponse


def dit(reponse: HttpResponse) -> str:
    """The one sentence that the page begins with: what is said at once by a screen reader, else its title."""
    page = arbre(reponse)
    annonces = page.xpath("//main//*[@role='alert' or @role='status'][normalize-space()]")
    assert len(annonces) < 2, "one sentence, not two"
    return " ".join((annonces or page.xpath("//h1"))[0].text_content().split())


def role(reponse: HttpResponse) -> str:
    """How it is said: "alert", "status", or "" for a title."""
    return next(iter(arbre(reponse).xpath("//main//@role[.='alert' or .='status']")), "")


def pris() -> list:
    """The rendez-vous of the base, as (start, who comes)."""
    return [
        (rdv.debut, [str(p.apprenant) for p in rdv.participations.all()])
        for rdv in RendezVous.objects.filter(statut=Statut.PREVU).order_by("debut")
    ]


DE_JEANNE = [(MARDI_9H, ["Jeanne Martin"])]


def gardes() -> int:
    return RendezVous.objects.filter(statut=Statut.OPTION, expire_a__gt=timezone.now()).count()


def page_du_choix(nom: str, monde: Monde) -> str:
    args = [monde.structure.lien] + ([monde.motif.pk] if nom != "choix_motif" else [])
    adresse = reverse(f"reservations:{nom}", args=args)
    return f"{adresse}?lieu={monde.lieu.pk}" if nom == "choix_creneau" else adresse


# --- Closed tab ---


@pytest.mark.parametrize("nom", CHOIX)
def test_closed_before_a_time_is_chosen_nothing_is_left(client, monde, nom):
    client.get(page_du_choix(nom, monde))
    assert not RendezVous.objects.exists()
    assert not Demarche.objects.exists()


@pytest.mark.parametrize("nom", TENUES)
def test_closed_then_opened_again_it_goes_on_where_it_stood(client, monde, horloge, nom):
    demarche = aller(nom, client, monde)
    horloge.append(LUNDI_8H + timedelta(minutes=5))
    page = client.get(etape("demarche", demarche), follow=True)
    assert page.redirect_chain[-1][0] == etape(nom, demarche)
    assert "Ce créneau vous est réservé encore 10 minutes." in texte(page)
    finir(nom, client, demarche)
    assert pris() == DE_JEANNE


def test_closed_on_the_confirmation_the_secret_link_shows_the_rendez_vous(client, monde):
    demarche = aller("code", client, monde)
    adresse = confirmer(client, demarche)["Location"]  # never seen
    assert dit(Client().get(adresse)) == "Votre rendez-vous"
    assert pris() == DE_JEANNE


# --- Back ---


@pytest.mark.parametrize(
    ("nom", "avant", "lu"),
    [
        ("instructions", "creneaux", "Garder mardi 24 novembre à 9 h"),
        ("coordonnees", "instructions", "Apportez une pièce d'identité."),
        ("code", "coordonnees", "Ce créneau vous est réservé encore 15 minutes."),
    ],
)
def test_back_shows_what_was_given_and_the_path_goes_on(client, monde, nom, avant, lu):
    demarche = aller(nom, client, monde)
    adresse = page_des_creneaux(monde, lieu=str(monde.lieu.pk), demarche=demarche.jeton)
    page = client.get(adresse if avant == "creneaux" else etape(avant, demarche))
    assert lu in texte(page)
    if avant == "instructions":
        assert arbre(page).xpath("//input[@name='accepte']/@checked")
    if avant == "coordonnees":
        assert arbre(page).get_element_by_id("id_prenom").get("value") == "Jeanne"
    assert (gardes(), pris()) == (1, [])
    finir(avant if avant in TENUES else nom, client, demarche)
    assert pris() == DE_JEANNE


def test_back_from_the_confirmation_leads_to_the_rendez_vous_whatever_is_sent_again(client, monde):
    demarche = aller("code", client, monde)
    adresse = confirmer(client, demarche)["Location"]
    for nom in TENUES:
        assert client.get(etape(nom, demarche))["Location"] == adresse
        assert client.post(etape(nom, demarche), {**IDENTITE, "code": "000000"})["Location"] == adresse
    assert pris() == DE_JEANNE


def test_back_from_a_cancellation_says_cancelled_and_cancels_nothing_twice(client, monde):
    rendez_vous = aller_confirmer(client, monde)
    annuler = reverse("reservations:annuler_rendez_vous", args=[rendez_vous.jeton])
    client.post(annuler)
    partis = Message.objects.count()
    assert dit(client.get(annuler, follow=True)).startswith("✖ Votre rendez-vous est annulé")
    assert dit(client.post(annuler, follow=True)).startswith("✖ Votre rendez-vous est annulé")
    assert (pris(), Message.objects.count()) == ([], partis)


def aller_confirmer(client: Client, monde: Monde) -> RendezVous:
    confirmer(client, aller("code", client, monde))
    return RendezVous.objects.get(statut=Statut.PREVU)


# --- Double click ---


def test_a_double_click_on_a_time_holds_it_once(client, monde):
    adresses = {choisir(client, monde, lieu=str(monde.lieu.pk))["Location"] for _ in range(2)}
    assert (len(adresses), gardes(), Demarche.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("nom", "phrase"),
    [
        ("instructions", "Étape 4 sur 4 : Vos coordonnées"),
        ("coordonnees", "Étape 4 sur 4 : Écrivez le code que vous avez reçu"),
        ("code", "✔ Votre rendez-vous est confirmé"),
    ],
)
def test_a_double_click_on_a_step_does_it_once(client, monde, nom, phrase):
    demarche = aller(nom, client, monde)
    code = {"code": code_recu()} if nom == "code" else {}
    if code:
        client.post(etape(nom, demarche), code)
        reponse = client.post(etape(nom, demarche), code, follow=True)
    else:
        reponse = [envoyer(nom, client, demarche) for _ in range(2)][1]
    assert dit(reponse).startswith(phrase)
    assert EnvoiDeCode.objects.count() == (0 if nom == "instructions" else 1)
    assert pris() == (DE_JEANNE if nom == "code" else [])
    assert Participation.objects.count() == len(pris())


# --- Two tabs, two times ---


@pytest.mark.parametrize("nom", ["choix_creneau", *TENUES])
def test_two_tabs_two_times_each_ends_with_its_own(client, monde, nom):
    premier = aller("instructions" if nom == "choix_creneau" else nom, client, monde)
    code = code_recu() if nom == "code" else ""
    second = aller("code", client, monde, MARDI_10H)
    assert gardes() == 2
    confirmer(client, second)
    page = client.get(etape("demarche", premier), follow=True)
    assert "mardi 24 novembre à 9 h" in texte(page)
    if nom == "code":
        fin = client.post(etape("code", premier), {"code": code}, follow=True)
    else:
        fin = finir("instructions" if nom == "choix_creneau" else nom, client, premier)
    assert dit(fin).startswith("✔ Votre rendez-vous est confirmé")
    assert [debut for debut, _ in pris()] == [MARDI_9H, MARDI_10H]


def test_one_booking_confirmed_in_another_tab_is_confirmed_here_too(client, monde):
    demarche = aller("code", client, monde)
    code = code_recu()
    confirmer(client, demarche)
    page = client.post(etape("code", demarche), {"code": autre_code(code)}, follow=True)
    assert dit(page).startswith("✔ Votre rendez-vous est confirmé")
    assert pris() == DE_JEANNE


# --- The hold expires ---


@pytest.mark.parametrize("nom", TENUES)
def test_expired_it_is_said_taken_back_by_one_click_and_nothing_typed_is_lost(client, monde, horloge, nom, settings):
    settings.CODE_MINUTES = 60
    demarche = aller(nom, client, monde)
    horloge.append(LUNDI_8H + timedelta(minutes=16))
    page = client.get(etape(nom, demarche))
    assert "Ce créneau n'est plus réservé pour vous. Ce que vous écrivez est gardé." in texte(page)
    assert gardes() == 0
    reprise = client.post(arbre(page).xpath("//button[.='Le reprendre']/@formaction")[0], {"prenom": "Je"}, follow=True)
    assert (dit(reprise), role(reprise)) == ("Votre créneau est de nouveau réservé pour vous.", "status")
    assert reprise.redirect_chain[-1][0] == etape(nom, demarche)
    assert gardes() == 1
    if nom == "coordonnees":
        assert arbre(reprise).get_element_by_id("id_prenom").get("value") == "Je"


@pytest.mark.parametrize("nom", TENUES)
def test_expired_without_anyone_noticing_it_is_confirmed_if_still_free(client, monde, horloge, nom, settings):
    settings.CODE_MINUTES = 60
    demarche = aller(nom, client, monde)
    horloge.append(LUNDI_8H + timedelta(minutes=16))
    assert dit(finir(nom, client, demarche)).startswith("✔ Votre rendez-vous est confirmé")
    assert pris() == DE_JEANNE


# --- The session expires ---


def test_without_a_session_a_time_is_held_all_the_same(client, monde):
    choisir(client, monde, lieu=str(monde.lieu.pk))
    client.cookies.clear()
    reponse = choisir(client, monde, MARDI_10H, lieu=str(monde.lieu.pk))
    assert reponse.status_code == 302
    assert gardes() == 2


@pytest.mark.parametrize("nom", TENUES)
def test_session_over_nothing_personal_is_shown_nothing_is_done_and_it_says_so(client, monde, nom):
    demarche = aller(nom, client, monde)
    avant = Message.objects.count()
    client.cookies.clear()
    page = client.get(etape(nom, demarche))
    for reponse in (page, envoyer(nom, client, demarche), client.post(etape("reprendre", demarche))):
        assert (reponse.status_code, dit(reponse)) == (403, "Votre session est terminée")
        assert "Votre rendez-vous n'est pas encore pris, sauf si vous avez reçu une confirmation." in texte(reponse)
        for secret in ("Jeanne", "jeanne@exemple.fr", "mardi 24 novembre"):
            assert secret not in reponse.content.decode()
    assert arbre(page).xpath(f"//a[contains(@href, '{monde.structure.lien}')]")
    sous_htmx = client.post(etape("prolonger", demarche), headers={"HX-Request": "true"})
    assert sous_htmx["HX-Redirect"] == etape("demarche", demarche)
    assert (gardes(), pris(), Message.objects.count()) == (1, [], avant)


def test_session_over_the_rendez_vous_is_seen_and_cancelled_by_its_link(client, monde):
    rendez_vous = aller_confirmer(client, monde)
    client.cookies.clear()
    assert dit(client.get(reverse("reservations:rendez_vous_public", args=[rendez_vous.jeton]))) == "Votre rendez-vous"
    annule = client.post(reverse("reservations:annuler_rendez_vous", args=[rendez_vous.jeton]), follow=True)
    assert (dit(annule)[:28], role(annule)) == ("✖ Votre rendez-vous est annu", "status")
    assert pris() == []


# --- The code asked five times ---


def test_five_codes_from_the_code_page_and_the_last_one_still_confirms(client, monde, horloge, settings):
    demarche = aller("code", client, monde)
    for n in range(1, 6):
        horloge.append(LUNDI_8H + timedelta(minutes=n))
        reponse = client.post(etape("code", demarche), {"action": "renvoyer"}, follow=True)
    assert dit(reponse).startswith("Trop de codes ont été demandés. Attendez une heure et recommencez depuis le début")
    assert role(reponse) == "alert"
    assert (EnvoiDeCode.objects.count(), gardes(), pris()) == (settings.CODES_PAR_DEMARCHE, 1, [])
    assert dit(envoyer("code", client, demarche)).startswith("✔ Votre rendez-vous est confirmé")


def test_five_addresses_one_after_the_other_then_it_stops_and_keeps_what_was_typed(client, monde, settings):
    demarche = aller("coordonnees", client, monde)
    for n in range(6):
        reponse = client.post(etape("coordonnees", demarche), {**IDENTITE, "courriel": f"j{n}@exemple.fr"}, follow=True)
    assert (dit(reponse)[:30], role(reponse)) == ("Trop de codes ont été demandés", "alert")
    assert arbre(reponse).get_element_by_id("id_courriel").get("value") == "j5@exemple.fr"
    assert (EnvoiDeCode.objects.count(), gardes(), pris()) == (settings.CODES_PAR_DEMARCHE, 1, [])


# --- What changes around them ---


def pris_par_un_autre(monde: Monde, horloge: list) -> None:
    """The hold expires, and somebody else books."""
    horloge.append(LUNDI_8H + timedelta(minutes=16))
    RendezVous.objects.filter(statut=Statut.OPTION).delete()
    prendre_ailleurs(monde, MARDI_9H)


def agent_absent(monde: Monde, horloge: list) -> None:
    """The agent falls ill while the slot is held."""
    absence = Absence(
        structure=monde.structure,
        agent=monde.agent,
        titre="malade",
        premier_jour=JOUR,
        dernier_jour=JOUR,
        heure_debut=time(8),
        heure_fin=time(10),
    )
    enregistrer_absence(absence=absence, maintenant=timezone.now())


def motif_ferme(monde: Monde, horloge: list) -> None:
    monde.motif.reservable_en_ligne = False
    monde.motif.save()


PERDU = "Quelqu'un vient de prendre mardi 24 novembre à 9 h, ou ce n'est plus libre."
FERME = "Ce rendez-vous ne se réserve plus en ligne pour le moment."
EVENEMENTS = [(pris_par_un_autre, PERDU), (agent_absent, PERDU), (motif_ferme, FERME)]


@pytest.mark.parametrize("nom", TENUES)
@pytest.mark.parametrize(("evenement", "phrase"), EVENEMENTS)
@pytest.mark.parametrize("geste", ["voir", "envoyer"])
def test_what_can_no_longer_be_is_said_at_the_next_page_and_no_code_leaves(
    client, monde, horloge, settings, nom, evenement: Callable, phrase: str, geste: str
):
    settings.CODE_MINUTES = 60
    demarche = aller(nom, client, monde)
    partis, deja = Message.objects.filter(confidentiel=True).count(), len(pris())
    evenement(monde, horloge)
    autres = len(pris())
    page = client.get(etape(nom, demarche)) if geste == "voir" else envoyer(nom, client, demarche)
    assert dit(page).startswith(phrase)
    assert role(page) == "alert"
    assert "04 75 25 00 00" in texte(page)
    ecrit = nom == "code" or (nom, geste) == ("coordonnees", "envoyer")  # else nothing was, and nothing is kept
    assert ("Ce que vous avez écrit est gardé." in texte(page)) == (phrase == PERDU and ecrit)
    proposes = boutons_de_creneau(page)
    assert proposes == ([] if phrase == FERME else ["mardi 24 novembre à 10 h", "mardi 24 novembre à 11 h"])
    assert (deja, Participation.objects.count()) == (0, 0)
    assert len(pris()) == autres  # somebody else's only
    assert Message.objects.filter(confidentiel=True).count() == partis
    if proposes:  # one click takes another time, and what was typed is still there
        bouton = arbre(page).xpath("//button[@name='debut']")[0]
        adresse = arbre(page).xpath("//form[.//button[@name='debut']]/@action")[0]
        suite = client.post(adresse, {"debut": bouton.get("value")}, follow=True)
        assert "mardi 24 novembre à 10 h" in texte(suite)
        if nom == "coordonnees" and geste == "envoyer":
            assert arbre(suite).get_element_by_id("id_prenom").get("value") == "Jeanne"


@pytest.mark.parametrize("evenement", [pris_par_un_autre, agent_absent, motif_ferme])
def test_a_new_code_is_not_sent_for_what_can_no_longer_be(client, monde, horloge, evenement):
    demarche = aller("code", client, monde)
    evenement(monde, horloge)
    reponse = client.post(etape("code", demarche), {"action": "renvoyer"}, follow=True)
    assert dit(reponse).startswith(FERME if evenement is motif_ferme else PERDU)
    assert EnvoiDeCode.objects.count() == 1


@pytest.mark.parametrize("nom", TENUES)
def test_the_agent_absent_a_colleague_who_is_free_takes_the_rendez_vous(client, monde, horloge, nom):
    demarche = aller(nom, client, monde)
    collegue = un_agent(monde.structure)
    une_plage(monde, agent=collegue, frequence="unique", jours=[], premier_jour=JOUR)
    agent_absent(monde, horloge)
    assert dit(finir(nom, client, demarche)).startswith("✔ Votre rendez-vous est confirmé")
    assert pris() == DE_JEANNE
    assert RendezVous.objects.get().agent == collegue


@pytest.mark.parametrize(
    ("evenement", "phrase"),
    [
        (pris_par_un_autre, "Ce créneau vient d'être pris. Voici les plus proches."),
        (agent_absent, "Ce créneau vient d'être pris. Voici les plus proches."),
        (motif_ferme, "Ce rendez-vous ne se réserve pas en ligne"),
    ],
)
def test_a_time_read_then_pressed_too_late_holds_nothing_and_says_so(client, monde, horloge, evenement, phrase):
    client.get(page_du_choix("choix_creneau", monde))
    evenement(monde, horloge)
    reponse = choisir(client, monde, lieu=str(monde.lieu.pk))
    assert dit(reponse) == phrase
    assert (gardes(), Demarche.objects.count()) == (0, 0)
    if evenement is not motif_ferme:
        assert (role(reponse), boutons_de_creneau(reponse)[:2]) == (
            "alert",
            ["mardi 24 novembre à 10 h", "mardi 24 novembre à 11 h"],
        )


@pytest.mark.parametrize("nom", ["choix_motif", "choix_lieu"])
@pytest.mark.parametrize("evenement", [pris_par_un_autre, agent_absent, motif_ferme])
def test_a_card_read_then_followed_too_late_leads_to_what_is_true_now(client, monde, horloge, nom, evenement):
    page = client.get(page_du_choix(nom, monde))
    nom_de_la_carte = monde.motif.nom if nom == "choix_motif" else monde.lieu.nom
    carte = arbre(page).xpath(f"//li[@class='rdv-carte']//a[.='{nom_de_la_carte}']/@href")[0]
    evenement(monde, horloge)
    suite = client.get(carte, follow=True)
    if evenement is motif_ferme:
        assert dit(suite) == "Ce rendez-vous ne se réserve pas en ligne"
    elif nom == "choix_lieu":
        assert boutons_de_creneau(suite)[0] == "mardi 24 novembre à 10 h"
    else:
        lue = arbre(suite).xpath(f"//li[@class='rdv-carte'][contains(., '{monde.lieu.nom}')]")[0]
        assert "Le plus tôt : demain à 10 h" in " ".join(lue.text_content().split())


@pytest.mark.parametrize("evenement", [agent_absent, motif_ferme])
def test_what_changes_once_confirmed_takes_nothing_back(client, monde, horloge, evenement):
    """Only a cancellation cancels: the agent is warned of it when they type their absence."""
    demarche = aller("code", client, monde)
    adresse = confirmer(client, demarche)["Location"]
    evenement(monde, horloge)
    assert dit(client.get(adresse)).startswith("✔ Votre rendez-vous est confirmé")
    assert dit(client.get(adresse)) == "Votre rendez-vous"
    assert pris() == DE_JEANNE
    client.post(reverse("reservations:annuler_rendez_vous", args=[RendezVous.objects.get().jeton]))
    assert pris() == []


def test_a_double_click_on_another_time_moves_once(client, monde, horloge):
    monde.structure.deplacement_heures = 0
    monde.structure.save()
    rendez_vous = aller_confirmer(client, monde)
    adresse = reverse("reservations:confirmer_deplacement_public", args=[rendez_vous.jeton])
    for _ in range(2):
        reponse = client.post(adresse, {"debut": MARDI_10H.isoformat()}, follow=True)
    assert dit(reponse).startswith("✔ Votre rendez-vous est déplacé")
    assert pris() == [(MARDI_10H, ["Jeanne Martin"])]
    assert RendezVous.objects.get().sequence == 1
