"""Sign-in, lockout, forgotten and first password, the first structure, access to a structure's pages."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone
from lxml import html
from procrastinate.contrib.django.models import ProcrastinateJob

from reservations.models import Etat, Message
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure, reservation_en_ligne_requise
from structures.conservation import oublier_connexions
from structures.models import Agent, Appartenance, Role, Structure
from structures.taches import envoyer_lien
from tests.factories import MOT_DE_PASSE, AgentFactory, AppartenanceFactory, StructureFactory

pytestmark = pytest.mark.django_db


def _texte(reponse: HttpResponse) -> str:
    return " ".join(html.fromstring(reponse.content).text_content().split())


def _connexion(client: Client, courriel: str, mot_de_passe: str) -> HttpResponse:
    return client.post("/connexion/", {"username": courriel, "password": mot_de_passe})  # type: ignore[return-value]


# --- Sign-in ------------------------------------------------------------------------------------------------------
def test_connexion_sans_egard_a_la_casse(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    reponse = _connexion(client, "Camille@Exemple.FR", MOT_DE_PASSE)
    assert (reponse.status_code, reponse.headers["Location"]) == (302, "/agent/")


def test_connexion_refusee_dit_quoi_faire_et_garde_l_adresse(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    reponse = _connexion(client, "camille@exemple.fr", "faux")
    assert "L'adresse e-mail ou le mot de passe ne correspond pas." in _texte(reponse)
    assert html.fromstring(reponse.content).xpath("//input[@name='username']/@value") == ["camille@exemple.fr"]


def test_connexion_refuse_la_meme_phrase_pour_une_adresse_inconnue(client: Client) -> None:
    assert "L'adresse e-mail ou le mot de passe ne correspond pas." in _texte(
        _connexion(client, "personne@exemple.fr", MOT_DE_PASSE)
    )


def test_connexion_revient_a_la_page_demandee_mais_jamais_ailleurs(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    donnees = {"username": "camille@exemple.fr", "password": MOT_DE_PASSE}
    assert client.post("/connexion/", donnees | {"next": "/aide/"}).headers["Location"] == "/aide/"
    client.logout()
    assert client.post("/connexion/", donnees | {"next": "https://mechant.fr/"}).headers["Location"] == "/agent/"


def test_deconnexion_par_post(client: Client) -> None:
    client.force_login(AgentFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/deconnexion/").status_code == 405
    assert client.post("/deconnexion/").headers["Location"] == "/"
    assert client.get("/agent/").headers["Location"] == "/connexion/?next=/agent/"


def test_huit_echecs_bloquent_l_adresse_quelle_que_soit_la_casse(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    AgentFactory(courriel="autre@exemple.fr")
    formes = ["camille@exemple.fr", "Camille@exemple.fr", "CAMILLE@EXEMPLE.FR", " camille@exemple.fr "]
    codes = [_connexion(client, formes[n % 4], "faux").status_code for n in range(8)]
    assert codes == [200] * 7 + [429]
    reponse = _connexion(client, "camille@exemple.fr", MOT_DE_PASSE)
    assert reponse.status_code == 429
    assert "la connexion est bloquée 15 minutes" in _texte(reponse)
    assert _connexion(client, "autre@exemple.fr", MOT_DE_PASSE).status_code == 302


def test_blocage_fini_apres_quinze_minutes(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    for _ in range(8):
        _connexion(client, "camille@exemple.fr", "faux")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert _connexion(client, "camille@exemple.fr", MOT_DE_PASSE).status_code == 302


def test_echecs_de_connexion_oublies_apres_un_jour(client: Client) -> None:
    _connexion(client, "camille@exemple.fr", "faux")
    maintenant = timezone.now()
    assert oublier_connexions(maintenant=maintenant)["echecs"] == 0
    assert oublier_connexions(maintenant=maintenant + timedelta(hours=25))["echecs"] == 1
    assert AccessAttempt.objects.count() == 0


# --- Password -----------------------------------------------------------------------------------------------------
def _travaux() -> QuerySet[ProcrastinateJob]:
    """The jobs of these tests: procrastinate's table is not emptied after the tests that commit."""
    return ProcrastinateJob.objects.filter(task_name="structures.envoyer_lien")


def _envoyer_les_liens() -> None:
    """Do the worker's part."""
    for travail in _travaux():
        envoyer_lien(**travail.args)


def _lien_recu() -> str:
    if not mail.outbox:
        _envoyer_les_liens()
    trouve = re.search(r"http://\S+?(/mot-de-passe/\S+)", str(mail.outbox[-1].body))
    assert trouve
    return trouve[1]


@pytest.mark.parametrize("premiere_fois", [False, True])
def test_mot_de_passe_choisi_par_le_lien_recu(client: Client, premiere_fois: bool) -> None:
    agent = AgentFactory(courriel="camille@exemple.fr")
    if premiere_fois:
        agent.set_unusable_password()
        agent.save()
    reponse = client.post("/mot-de-passe/oublie/", {"courriel": "CAMILLE@exemple.fr"})
    assert reponse.headers["Location"] == "/mot-de-passe/envoye/"
    assert mail.outbox == []  # the answer does not wait for the mail server
    _envoyer_les_liens()
    assert (mail.outbox[0].to, mail.outbox[0].subject) == (["camille@exemple.fr"], "Choisir un nouveau mot de passe")

    formulaire = client.get(_lien_recu(), follow=True)
    assert "Choisissez votre mot de passe" in formulaire.content.decode()
    adresse = formulaire.redirect_chain[-1][0]
    nouveau = "cheval-nuage-cuillere-7"
    assert client.post(adresse, {"new_password1": nouveau, "new_password2": nouveau}).headers["Location"] == "/agent/"
    assert client.get("/agent/").status_code == 200  # signed in
    agent.refresh_from_db()
    assert agent.check_password(nouveau)

    # The link has been used.
    assert "Ce lien ne fonctionne plus" in Client().get(_lien_recu(), follow=True).content.decode()


@pytest.mark.parametrize(
    ("premier", "second", "champ", "phrase"),
    [
        ("court", "court", "new_password1", "12 caractères"),
        ("cheval-nuage-cuillere-7", "autre-chose-encore", "new_password2", "ne sont pas les mêmes"),
        ("123456789012345", "123456789012345", "new_password1", "numérique"),
    ],
)
def test_mot_de_passe_refuse_a_cote_du_bon_champ(
    client: Client, premier: str, second: str, champ: str, phrase: str
) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    client.post("/mot-de-passe/oublie/", {"courriel": "camille@exemple.fr"})
    adresse = client.get(_lien_recu(), follow=True).redirect_chain[-1][0]
    arbre = html.fromstring(client.post(adresse, {"new_password1": premier, "new_password2": second}).content)
    assert arbre.xpath("//*[contains(@id, '_error')]/@id") == [f"id_{champ}_error"]
    assert phrase in arbre.xpath(f"string(//*[@id='id_{champ}_error'])")


@pytest.mark.parametrize("courriel", ["personne@exemple.fr", "parti@exemple.fr"])
def test_mot_de_passe_oublie_ne_dit_pas_si_le_compte_existe(client: Client, courriel: str) -> None:
    AgentFactory(courriel="parti@exemple.fr", is_active=False)
    reponse = client.post("/mot-de-passe/oublie/", {"courriel": courriel})
    assert (reponse.status_code, reponse.headers["Location"]) == (302, "/mot-de-passe/envoye/")
    assert not _travaux().exists()


def test_un_lien_toutes_les_cinq_minutes_au_plus(client: Client) -> None:
    agent = AgentFactory(courriel="camille@exemple.fr")
    for _ in range(3):
        client.post("/mot-de-passe/oublie/", {"courriel": "camille@exemple.fr"})
    assert _travaux().count() == 1
    Agent.objects.filter(pk=agent.pk).update(lien_demande_le=timezone.now() - timedelta(minutes=5))
    client.post("/mot-de-passe/oublie/", {"courriel": "camille@exemple.fr"})
    assert _travaux().count() == 2


def test_lien_de_mot_de_passe_ignore_l_hote_de_la_requete(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    with override_settings(ALLOWED_HOSTS=["*"], SITE_URL="http://le-site.fr"):
        client.post("/mot-de-passe/oublie/", {"courriel": "camille@exemple.fr"}, headers={"host": "mechant.fr"})
        _envoyer_les_liens()
    assert "http://le-site.fr/mot-de-passe/" in str(mail.outbox[0].body)
    assert "mechant.fr" not in str(mail.outbox[0].body)


def test_en_demonstration_le_courriel_rejoint_la_page_des_messages(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    mailers = {"default": {"BACKEND": "reservations.courrier.demonstration.CourrielDemonstration"}}
    with override_settings(MAILERS=mailers):
        client.post("/mot-de-passe/oublie/", {"courriel": "camille@exemple.fr"})
        _envoyer_les_liens()
    message = Message.objects.get()
    assert (message.destinataire, message.sujet) == ("camille@exemple.fr", "Choisir un nouveau mot de passe")
    assert message.etat == Etat.ENVOYE
    assert "/mot-de-passe/" in message.texte


# --- creer_structure ----------------------------------------------------------------------------------------------
def _creer(*arguments: str) -> str:
    sortie = StringIO()
    call_command("creer_structure", *arguments, stdout=sortie)
    return sortie.getvalue()


CAMILLE = ("--courriel", "Camille@exemple.fr", "--prenom", "Camille", "--nom-agent", "Martin")


def test_creer_structure_et_son_administrateur(client: Client) -> None:
    _creer("Case numérique", "974", *CAMILLE)
    structure, agent = Structure.objects.get(), Agent.objects.get()
    assert (structure.nom, structure.departement, structure.fuseau) == ("Case numérique", "974", "Indian/Reunion")
    assert (agent.courriel, agent.has_usable_password()) == ("camille@exemple.fr", False)
    assert Appartenance.objects.get().role == Role.ADMIN
    assert "Choisissez votre mot de passe" in client.get(_lien_recu(), follow=True).content.decode()


def test_creer_structure_deux_fois_ne_double_rien() -> None:
    _creer("Médiathèque de Crest", "26", *CAMILLE)
    assert "existe déjà, déjà administrateur" in _creer(
        "médiathèque de crest", "26", "--courriel", "camille@exemple.fr"
    )
    assert (Structure.objects.count(), Agent.objects.count(), Appartenance.objects.count()) == (1, 1, 1)
    assert len(mail.outbox) == 2  # no password yet: the link goes again


def test_creer_structure_rattache_un_compte_existant() -> None:
    agent = AgentFactory(courriel="camille@exemple.fr")
    _creer("Médiathèque de Crest", "26", "--courriel", "camille@exemple.fr")
    assert agent.appartenances.get().est_admin
    assert "votre mot de passe habituel" in str(mail.outbox[0].body)
    assert "/mot-de-passe/" not in str(mail.outbox[0].body)


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (("X", "20", *CAMILLE), "n'est pas un code de département"),
        (("X", "26", "--courriel", "camille"), "Rien n'a été créé"),
        (("X", "26", "--courriel", "camille@exemple.fr"), "prenom"),
    ],
)
def test_creer_structure_refuse_sans_rien_ecrire(arguments: tuple[str, ...], phrase: str) -> None:
    with pytest.raises(CommandError, match=phrase):
        _creer(*arguments)
    assert (Structure.objects.count(), Agent.objects.count(), len(mail.outbox)) == (0, 0, 0)


# --- Structures of an agent ---------------------------------------------------------------------------------------
def test_mes_structures_sans_structure_dit_a_qui_demander(client: Client) -> None:
    client.force_login(AgentFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert "Aucune structure" in client.get("/agent/").content.decode()


def test_mes_structures_liste_quand_il_y_en_a_plusieurs(client: Client) -> None:
    agent = AgentFactory()
    noms = ["Beta", "Alpha"]
    for nom in noms:
        AppartenanceFactory(agent=agent, structure__nom=nom)
    AppartenanceFactory(structure__nom="Autre")
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    arbre = html.fromstring(client.get("/agent/").content)
    assert [titre.text_content().strip() for titre in arbre.xpath("//main//h2")] == ["Alpha", "Beta"]


# --- Access decorators --------------------------------------------------------------------------------------------
def _vue(request: RequeteAgent) -> HttpResponse:
    return HttpResponse(f"{request.structure} {request.appartenance.role} {timezone.get_current_timezone()}")


def _requete(agent: Agent | AnonymousUser) -> RequeteAgent:
    requete = RequestFactory().get("/")
    requete.user = agent
    return requete  # type: ignore[return-value]


def test_agent_de_la_structure_donne_structure_role_et_fuseau(
    django_assert_num_queries: Any,
) -> None:
    appartenance = AppartenanceFactory(structure__reunion=True, structure__nom="Case")
    AppartenanceFactory(agent=appartenance.agent)
    agent = Agent.objects.get(pk=appartenance.agent.pk)
    with django_assert_num_queries(1):
        reponse = agent_de_la_structure(_vue)(_requete(agent), structure_id=appartenance.structure.pk)
    assert reponse.content.decode() == "Case admin Indian/Reunion"


def test_les_pages_d_agent_ne_sont_gardees_par_aucun_cache(client: Client) -> None:
    """On a shared computer, "back" after signing out must not show the learners again."""
    appartenance = AppartenanceFactory()
    client.force_login(appartenance.agent, backend="django.contrib.auth.backends.ModelBackend")
    reponse = client.get(f"/agent/{appartenance.structure_id}/rendez-vous/")
    assert {"no-store", "private"} <= set(reponse["Cache-Control"].split(", "))
    refusee = client.post(f"/agent/{appartenance.structure_id}/mon-compte/", {})
    assert set(refusee["Cache-Control"].split(", ")) == {"no-cache", "private"}


def test_structure_d_un_autre_est_introuvable() -> None:
    autre = StructureFactory()
    with pytest.raises(Http404):
        agent_de_la_structure(_vue)(_requete(AppartenanceFactory().agent), structure_id=autre.pk)


@pytest.mark.parametrize(("basique", "refus"), [(True, PermissionDenied), (False, None)])
def test_admin_requis(basique: bool, refus: type[Exception] | None) -> None:
    appartenance = AppartenanceFactory(basique=basique)
    vue = agent_de_la_structure(admin_requis(_vue))
    if refus:
        with pytest.raises(refus):
            vue(_requete(appartenance.agent), structure_id=appartenance.structure.pk)
    else:
        assert vue(_requete(appartenance.agent), structure_id=appartenance.structure.pk).status_code == 200


@pytest.mark.parametrize(("solidarites", "refus"), [(True, Http404), (False, None)])
def test_reservation_en_ligne_requise(solidarites: bool, refus: type[Exception] | None) -> None:
    appartenance = AppartenanceFactory(structure__solidarites=solidarites)
    vue = agent_de_la_structure(reservation_en_ligne_requise(_vue))
    if refus:
        with pytest.raises(refus):
            vue(_requete(appartenance.agent), structure_id=appartenance.structure.pk)
    else:
        assert vue(_requete(appartenance.agent), structure_id=appartenance.structure.pk).status_code == 200


def test_connexion_reussie_n_est_pas_journalisee(client: Client) -> None:
    AgentFactory(courriel="camille@exemple.fr")
    _connexion(client, "camille@exemple.fr", MOT_DE_PASSE)
    assert AccessLog.objects.count() == 0
