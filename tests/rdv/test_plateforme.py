"""`/plateforme/`: who may open it, what it changes, what it refuses with a sentence."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import html
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv import plateforme
from structures import equipe
from structures.conservation import CONSERVATION_JOURNAL, oublier_connexions
from structures.models import Agent, Appartenance, Plateforme, Role, Structure
from tests.aides_agent import connecte, texte
from tests.factories import AgentFactory, AppartenanceFactory, MotifFactory, StructureFactory

pytestmark = pytest.mark.django_db
MODELES = ("structure", "agent", "appartenance")


@pytest.fixture
def client() -> Client:
    return connecte(AgentFactory(est_plateforme=True, courriel="equipe@exemple.fr"))


def liste(modele: str) -> str:
    return reverse(f"plateforme:structures_{modele}_changelist")


def fiche(objet: Any, page: str = "change") -> str:
    return reverse(f"plateforme:structures_{objet._meta.model_name}_{page}", args=[objet.pk])


def modifier(client: Client, objet: Any, **champs: Any) -> HttpResponse:
    """Post the form of an object as the page gives it, with these changes (None: the field is not sent)."""
    arbre = html.fromstring(client.get(fiche(objet)).content)
    formulaire = next(f for f in arbre.forms if f.get("id", "").endswith("_form"))
    donnees = {nom: valeur or "" for nom, valeur in formulaire.form_values()} | champs
    envoi = {nom: valeur for nom, valeur in donnees.items() if valeur is not None}
    return client.post(fiche(objet), envoi, follow=True)  # type: ignore[return-value]


def erreurs(reponse: HttpResponse) -> dict[str, list[str]]:
    return {nom: list(liste) for nom, liste in reponse.context["adminform"].form.errors.items()}


# --- Who ----------------------------------------------------------------------------------------------------------
def test_the_staff_of_the_platform_alone_opens_it(client: Client) -> None:
    appartenance = AppartenanceFactory()
    adresses = [reverse("plateforme:index"), *map(liste, MODELES), fiche(appartenance), fiche(appartenance.structure)]
    ailleurs = [connecte(appartenance.agent), connecte(AgentFactory(is_superuser=True))]

    for adresse in adresses:
        assert client.get(adresse).status_code == 200
        for autre in ailleurs:
            assert (autre.get(adresse).status_code, autre.post(adresse).status_code) == (403, 403)
        anonyme = Client().get(adresse)
        assert anonyme["Location"] == f"/connexion/?next={adresse}"


def test_its_own_sign_in_and_password_pages_do_not_exist(client: Client) -> None:
    for chemin in ("login/", "logout/", "password_change/"):
        assert client.get(f"/plateforme/{chemin}").status_code == 404
        assert client.post(f"/plateforme/{chemin}", {"username": "a", "password": "b"}).status_code == 404


def test_the_first_account_is_made_by_createsuperuser() -> None:
    agent = Agent.objects.create_superuser("chef@exemple.fr", "cheval-nuage-cuillere-7", prenom="A", nom="B")
    assert connecte(agent).get("/agent/")["Location"] == "/plateforme/"


def test_pages_are_in_french_without_inline_script_or_style(client: Client) -> None:
    appartenance = AppartenanceFactory()
    ajout = reverse("plateforme:structures_structure_add")
    for adresse in (reverse("plateforme:index"), liste("agent"), fiche(appartenance.agent), fiche(appartenance), ajout):
        arbre = html.fromstring(client.get(adresse).content)
        assert arbre.get("lang") == "fr"
        assert arbre.xpath("//@style | //style | //script[not(@src) and not(@type='application/json')]") == []
        assert [a for a in arbre.xpath("//@*") if str(a.attrname).startswith("on")] == []
        assert "Log out" not in arbre.text_content()


def test_lists_cost_the_same_for_one_or_thirty(client: Client, django_assert_max_num_queries: Any) -> None:
    for modele in MODELES:
        AppartenanceFactory()
        client.get(liste(modele))
        with django_assert_max_num_queries(12) as peu:
            client.get(liste(modele))
        AppartenanceFactory.create_batch(29)
        with django_assert_max_num_queries(len(peu)):
            assert len(client.get(liste(modele)).context["cl"].result_list) >= 30


@pytest.mark.parametrize(
    ("modele", "parametres"), [("structure", {"plateforme__exact": "\0"}), ("appartenance", {"role__exact": "\0"})]
)
def test_a_filter_that_means_nothing_is_ignored(client: Client, modele: str, parametres: dict[str, str]) -> None:
    reponse = client.get(liste(modele), parametres)

    assert (reponse.status_code, reponse["Location"]) == (302, liste(modele))


@pytest.mark.parametrize("colonne", ["password", "jeton_agenda", "appartenances__lien"])
def test_no_secret_is_guessed_letter_by_letter(client: Client, colonne: str) -> None:
    AgentFactory(jeton_agenda="abc")

    assert client.get(liste("agent"), {f"{colonne}__startswith": "a"}).status_code == 400
    assert client.get(liste("agent"), {"is_active__exact": "1"}).status_code == 200


@pytest.mark.parametrize("modele", MODELES)
def test_nothing_is_deleted(client: Client, modele: str) -> None:
    appartenance = AppartenanceFactory()
    objet = appartenance if modele == "appartenance" else getattr(appartenance, modele)

    assert client.get(fiche(objet, "delete")).status_code == 403
    assert client.post(fiche(objet, "delete"), {"post": "yes"}).status_code == 403
    client.post(liste(modele), {"action": "delete_selected", "_selected_action": objet.pk, "post": "yes"})

    assert type(objet).objects.filter(pk=objet.pk).exists()


# --- Structures ---------------------------------------------------------------------------------------------------
def test_a_structure_is_made_in_the_time_zone_of_its_departement(client: Client) -> None:
    donnees = {"nom": "Case", "plateforme": "aide_numerique", "departement": "974", "id_externe": "", "courriel": ""}

    client.post(reverse("plateforme:structures_structure_add"), donnees)
    refuse = client.post(reverse("plateforme:structures_structure_add"), {**donnees, "departement": "20"})

    structure = Structure.objects.get()
    assert (structure.fuseau, structure.id_externe) == ("Indian/Reunion", None)
    assert "écrivez 26, 2A ou 974" in erreurs(refuse)["departement"][0]  # type: ignore[arg-type]


def test_a_structure_changes_platform_once_its_motifs_are_closed(client: Client) -> None:
    motif = MotifFactory(ouvert=True, nom="Atelier photos")
    structure = motif.structure

    refuse = modifier(client, structure, plateforme="solidarites", departement="974")
    assert erreurs(refuse) == {
        "plateforme": [
            "Fermez d'abord les motifs ouverts à la réservation en ligne, qui n'existe pas sur RDV Solidarités : "
            "Atelier photos."
        ]
    }
    motif.reservable_en_ligne = False
    motif.save()
    modifier(client, structure, plateforme="solidarites", departement="974", fuseau="Indian/Reunion")

    structure.refresh_from_db()
    assert (structure.plateforme, structure.departement, structure.fuseau) == (
        Plateforme.SOLIDARITES,
        "26",
        "Europe/Paris",
    )
    assert LogEntry.objects.count() == 1


def test_a_motif_opened_meanwhile_is_a_sentence(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    structure = MotifFactory(ouvert=True).structure
    monkeypatch.delattr(plateforme.StructureForm, "clean_plateforme")

    reponse = modifier(client, structure, plateforme="solidarites")

    assert [str(m) for m in reponse.context["messages"]] == [f"{plateforme.MOTIFS_OUVERTS}."]
    structure.refresh_from_db()
    assert structure.plateforme == Plateforme.AIDE_NUMERIQUE


def test_two_structures_never_share_an_id(client: Client) -> None:
    StructureFactory(id_externe="abc")

    reponse = modifier(client, StructureFactory(), id_externe="abc")

    assert "Une structure porte déjà cet identifiant." in reponse.content.decode()


# --- Agents -------------------------------------------------------------------------------------------------------
def test_an_account_is_closed_and_its_password_never_shown(client: Client) -> None:
    agent = AgentFactory()
    page = client.get(fiche(agent)).content.decode()
    assert agent.password not in page
    assert "argon2" not in page
    assert 'name="password"' not in page

    modifier(client, agent, is_active=None, password="x", is_superuser="on")

    ferme = Agent.objects.get(pk=agent.pk)
    assert (ferme.is_active, ferme.password, ferme.is_superuser) == (False, agent.password, False)


def test_the_account_of_the_last_admin_stays_open(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    appartenance = AppartenanceFactory(structure__nom="Médiathèque de Crest")
    agent = appartenance.agent
    reponse = modifier(client, agent, is_active=None)
    assert "le seul administrateur de : Médiathèque de Crest" in erreurs(reponse)["is_active"][0]

    monkeypatch.delattr(plateforme.AgentForm, "clean_is_active")  # as if the other admin had just left
    reponse = modifier(client, agent, is_active=None)
    assert "est le seul administrateur de la structure" in reponse.content.decode()
    agent.refresh_from_db()
    assert agent.is_active

    AppartenanceFactory(structure=appartenance.structure)
    modifier(client, agent, is_active=None)
    agent.refresh_from_db()
    assert not agent.is_active


def test_an_address_already_taken_is_said(client: Client) -> None:
    AgentFactory(courriel="prise@exemple.fr")
    agent = AgentFactory()

    reponse = modifier(client, agent, courriel="PRISE@exemple.fr")

    assert "Un agent utilise déjà cette adresse e-mail." in reponse.content.decode()
    agent.refresh_from_db()
    assert agent.courriel != "prise@exemple.fr"


def test_nobody_shuts_themselves_out(client: Client) -> None:
    moi = Agent.objects.get(courriel="equipe@exemple.fr")

    modifier(client, moi, nom="Nouveau", is_active=None, est_plateforme=None)

    moi.refresh_from_db()
    assert (moi.nom, moi.is_active, moi.est_plateforme) == ("Nouveau", True, True)


# --- Memberships --------------------------------------------------------------------------------------------------
def test_a_membership_added_is_told_by_e_mail(client: Client) -> None:
    agent, structure = AgentFactory(), StructureFactory()
    donnees = {"agent": agent.pk, "structure": structure.pk, "role": "admin"}

    for _ in range(2):
        reponse = client.post(reverse("plateforme:structures_appartenance_add"), donnees)

    assert "Cet agent appartient déjà à cette structure." in reponse.content.decode()
    appartenance = Appartenance.objects.get()
    assert (appartenance.role, appartenance.invite_le is not None) == (Role.ADMIN, True)
    travaux = ProcrastinateJob.objects.filter(task_name="structures.envoyer_invitation")
    assert travaux.filter(args={"appartenance_id": appartenance.pk}).count() == 1


def test_the_last_admin_is_not_demoted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    appartenance = AppartenanceFactory()
    reponse = modifier(client, appartenance, role="basique")
    assert "C'est le seul administrateur de la structure." in erreurs(reponse)["role"][0]

    monkeypatch.delattr(plateforme.AppartenanceForm, "clean_role")  # as if the other admin had just left
    reponse = modifier(client, appartenance, role="basique")
    assert "est le seul administrateur de la structure" in reponse.content.decode()
    assert not equipe.est_seul_admin(AppartenanceFactory(structure=appartenance.structure))
    appartenance.refresh_from_db()
    assert appartenance.role == Role.ADMIN

    modifier(client, appartenance, role="basique")
    appartenance.refresh_from_db()
    assert appartenance.role == Role.BASIQUE


def test_what_the_staff_changed_is_forgotten_after_a_year(client: Client) -> None:
    modifier(client, StructureFactory(), nom="Autre nom")
    maintenant = timezone.now()

    assert oublier_connexions(maintenant=maintenant)["journal"] == 0
    assert oublier_connexions(maintenant=maintenant + CONSERVATION_JOURNAL)["journal"] == 1


def test_a_structure_says_its_platform_to_its_admin() -> None:
    appartenance = AppartenanceFactory(structure__solidarites=True)
    page = connecte(appartenance.agent).get(reverse("structures:structure", args=[appartenance.structure_id]))

    assert "Plateforme : RDV Solidarités. La réservation en ligne n'y existe pas." in texte(page)  # type: ignore[arg-type]
