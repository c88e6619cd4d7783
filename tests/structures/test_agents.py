"""The team of a structure: invited, invited again, named admin; the last admin stays."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from structures import equipe as services
from structures.models import Agent, Appartenance, Role, Structure
from structures.taches import envoyer_invitation
from tests.aides_agent import Equipe, connecte, erreurs, messages_de, texte, une_equipe
from tests.factories import AgentFactory, AppartenanceFactory, StructureFactory

pytestmark = pytest.mark.django_db
SAISIE = {"prenom": "Nadia", "nom": "Benali", "courriel": "Nadia@Exemple.fr", "role": "basique"}


def inviter(equipe: Equipe, **champs: str) -> HttpResponse:
    adresse = equipe.adresse("structures:inviter_agent")
    return connecte(equipe.admin).post(adresse, {**SAISIE, **champs}, follow=True)  # type: ignore[return-value]


def envoyer_les_invitations() -> None:
    """Do the worker's part. The table of jobs is not emptied after the tests that commit: only those of members run."""
    for travail in ProcrastinateJob.objects.filter(task_name="structures.envoyer_invitation"):
        envoyer_invitation(**travail.args)


def lien_recu() -> str:
    trouve = re.search(r"http://\S+?(/mot-de-passe/\S+)", str(mail.outbox[-1].body))
    assert trouve
    return trouve[1]


# --- Invite -------------------------------------------------------------------------------------------------------
def test_an_invited_agent_goes_from_the_e_mail_to_their_first_page() -> None:
    equipe = une_equipe()

    reponse = inviter(equipe)

    assert messages_de(reponse) == ["Invitation envoyée à Nadia@Exemple.fr."]
    assert "Nadia Benali" in texte(reponse)
    assert "pas encore connecté" in texte(reponse)
    assert "invitation envoyée le" in texte(reponse)
    assert mail.outbox == []  # the page does not wait for the mail server
    envoyer_les_invitations()
    assert (mail.outbox[0].to, len(mail.outbox)) == (["nadia@exemple.fr"], 1)
    assert "Médiathèque de Crest" in mail.outbox[0].subject

    client, nouveau = Client(), "cheval-nuage-cuillere-7"
    formulaire = client.get(lien_recu(), follow=True)
    arrivee = client.post(
        formulaire.redirect_chain[-1][0], {"new_password1": nouveau, "new_password2": nouveau}, follow=True
    )
    assert arrivee.redirect_chain[-1][0] == equipe.adresse("reservations:rendez_vous")
    assert client.get(equipe.adresse("structures:inviter_agent")).status_code == 403
    assert "pas encore connecté" not in texte(connecte(equipe.admin).get(equipe.adresse("structures:agents")))


def test_an_invitation_too_old_offers_another_link(monkeypatch: pytest.MonkeyPatch) -> None:
    inviter(une_equipe())
    envoyer_les_invitations()
    monkeypatch.setattr(settings, "PASSWORD_RESET_TIMEOUT", -1)

    page = texte(Client().get(lien_recu(), follow=True))  # type: ignore[arg-type]

    assert "Ce lien ne fonctionne plus" in page
    assert "Recevoir un nouveau lien" in page


def test_someone_who_has_an_account_is_added_and_the_inviter_reads_the_same_answer() -> None:
    equipe = une_equipe()
    connue = AppartenanceFactory(agent=AgentFactory(courriel="nadia@exemple.fr", prenom="Nadia", nom="Vrai-Nom")).agent

    reponse = inviter(equipe, courriel="NADIA@exemple.fr", nom="Autre", role="admin")

    assert messages_de(reponse) == ["Invitation envoyée à NADIA@exemple.fr."]
    assert Agent.objects.filter(courriel__iexact="nadia@exemple.fr").get() == connue
    connue.refresh_from_db()
    assert (connue.nom, connue.appartenances.get(structure=equipe.structure).role) == ("Vrai-Nom", Role.ADMIN)
    envoyer_les_invitations()
    assert "votre mot de passe habituel" in str(mail.outbox[0].body)
    assert "/mot-de-passe/" not in str(mail.outbox[0].body)


@pytest.mark.parametrize(
    ("champs", "champ", "phrase"),
    [
        ({"courriel": "nadia"}, "courriel", "valide"),
        ({"courriel": '"a\x07b"@exemple.fr'}, "courriel", "valide"),
        ({"courriel": ""}, "courriel", "obligatoire"),
        ({"prenom": "\u200b"}, "prenom", "obligatoire"),
        ({"role": "chef"}, "role", "chef"),
        ({"courriel": "Collegue@exemple.fr"}, "courriel", "fait déjà partie de la structure"),
        ({"courriel": "ferme@exemple.fr"}, "courriel", "est fermé"),
    ],
)
def test_a_refused_invitation_says_so_beside_the_field(champs: dict[str, str], champ: str, phrase: str) -> None:
    equipe = une_equipe()
    Agent.objects.filter(pk=equipe.basique.pk).update(courriel="collegue@exemple.fr")
    AgentFactory(courriel="ferme@exemple.fr", is_active=False)

    reponse = inviter(equipe, **champs)

    trouvees = erreurs(reponse)
    assert set(trouvees) == {champ}
    assert phrase in trouvees[champ][0]
    assert equipe.structure.appartenances.count() == 2
    assert 'value="Benali"' in reponse.content.decode()
    assert not ProcrastinateJob.objects.filter(task_name="structures.envoyer_invitation").exists()


def test_an_invitation_says_nothing_to_someone_taken_out_meanwhile() -> None:
    inviter(une_equipe())
    Appartenance.objects.filter(agent__courriel="nadia@exemple.fr").delete()

    envoyer_les_invitations()

    assert mail.outbox == []


def test_an_invitation_is_sent_again_but_not_at_once() -> None:
    equipe = une_equipe()
    inviter(equipe)
    appartenance = Appartenance.objects.get(agent__courriel="nadia@exemple.fr")
    relancer = equipe.adresse("structures:relancer_agent", appartenance.agent_id)
    client = connecte(equipe.admin)

    trop_tot = client.post(relancer, follow=True)
    Appartenance.objects.filter(pk=appartenance.pk).update(invite_le=timezone.now() - timedelta(minutes=5))
    ensuite = client.post(relancer, follow=True)

    assert "vient de partir" in messages_de(trop_tot)[0]  # type: ignore[arg-type]
    assert messages_de(ensuite) == ["Invitation envoyée de nouveau à nadia@exemple.fr."]  # type: ignore[arg-type]
    envoyer_les_invitations()
    assert len(mail.outbox) == 2


def test_a_structure_sends_so_many_invitations_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "INVITATIONS_PAR_JOUR", 2)
    equipe, autre = une_equipe(), une_equipe()
    inviter(equipe)
    Appartenance.objects.filter(agent__courriel="nadia@exemple.fr").delete()
    inviter(equipe)  # taken out and invited again: it is another e-mail

    refusee = inviter(equipe, courriel="troisieme@exemple.fr")

    assert erreurs(refusee) == {
        "courriel": ["Votre structure a déjà envoyé 2 invitations aujourd'hui. Reprenez demain."]
    }
    assert not Agent.objects.filter(courriel="troisieme@exemple.fr").exists()
    appartenance = Appartenance.objects.get(agent__courriel="nadia@exemple.fr")
    Appartenance.objects.filter(pk=appartenance.pk).update(invite_le=None)
    relance = connecte(equipe.admin).post(
        equipe.adresse("structures:relancer_agent", appartenance.agent_id), follow=True
    )
    assert "Reprenez demain" in messages_de(relance)[0]  # type: ignore[arg-type]
    inviter(autre, courriel="troisieme@exemple.fr")
    assert autre.structure.appartenances.count() == 3
    Structure.objects.filter(pk=equipe.structure.pk).update(invitations_le=timezone.localdate() - timedelta(days=1))
    inviter(equipe, courriel="quatrieme@exemple.fr")
    assert equipe.structure.appartenances.filter(agent__courriel="quatrieme@exemple.fr").exists()


def test_no_invitation_for_someone_who_has_a_password() -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).post(equipe.adresse("structures:relancer_agent", equipe.basique.pk), follow=True)

    assert messages_de(reponse) == ["Basile Basique n'attend plus d'invitation."]  # type: ignore[arg-type]


# --- List ---------------------------------------------------------------------------------------------------------
def test_an_ordinary_agent_reads_the_list_without_anything_to_change() -> None:
    equipe = une_equipe()

    page = connecte(equipe.basique).get(equipe.adresse("structures:agents"))

    assert equipe.admin.courriel in texte(page)
    assert "/role/" not in page.content.decode()
    assert "/retirer/" not in page.content.decode()
    assert "/inviter/" not in page.content.decode()


def test_the_list_costs_the_same_for_one_or_thirty(django_assert_num_queries: Any) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("structures:agents")
    client.get(adresse)

    with django_assert_num_queries(4):
        client.get(adresse)
    AppartenanceFactory.create_batch(28, structure=equipe.structure)
    with django_assert_num_queries(4):
        assert len(client.get(adresse).context["membres"]) == 30


# --- Role ---------------------------------------------------------------------------------------------------------
def changer(equipe: Equipe, agent: Agent, role: str) -> HttpResponse:
    adresse = equipe.adresse("structures:changer_role", agent.pk)
    return connecte(equipe.admin).post(adresse, {"role": role}, follow=True)  # type: ignore[return-value]


def role_de(equipe: Equipe, agent: Agent) -> str:
    return equipe.structure.appartenances.get(agent=agent).role


def test_an_agent_is_named_admin_then_no_longer() -> None:
    equipe = une_equipe()

    nomme = changer(equipe, equipe.basique, "admin")
    assert role_de(equipe, equipe.basique) == Role.ADMIN
    assert messages_de(nomme) == ["Basile Basique est administrateur de la structure."]

    changer(equipe, equipe.basique, "basique")
    assert role_de(equipe, equipe.basique) == Role.BASIQUE


def test_an_unknown_role_is_refused() -> None:
    equipe = une_equipe()

    assert changer(equipe, equipe.basique, "chef").status_code == 400
    assert role_de(equipe, equipe.basique) == Role.BASIQUE


@pytest.mark.parametrize("autre_admin_ferme", [False, True])
def test_the_last_admin_is_not_demoted(autre_admin_ferme: bool) -> None:
    equipe = une_equipe()
    if autre_admin_ferme:  # an account that nobody can open runs nothing
        AppartenanceFactory(structure=equipe.structure, agent=AgentFactory(is_active=False))
    AppartenanceFactory(agent=equipe.basique, structure=StructureFactory())  # an admin, but elsewhere

    reponse = changer(equipe, equipe.admin, "basique")

    assert "est le seul administrateur de la structure" in messages_de(reponse)[0]
    assert role_de(equipe, equipe.admin) == Role.ADMIN


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_leave_one() -> None:
    equipe = une_equipe()
    Appartenance.objects.update(role=Role.ADMIN)
    un, autre = equipe.structure.appartenances.order_by("pk")
    refus: list[str] = []

    def retrograder() -> None:
        try:
            services.changer_role(appartenance=autre, role=Role.BASIQUE)
        except services.EquipeRefusee as erreur:
            refus.append(str(erreur))
        finally:
            connection.close()

    fil = threading.Thread(target=retrograder)
    with transaction.atomic():
        services.changer_role(appartenance=un, role=Role.BASIQUE)
        fil.start()
        fil.join(timeout=0.2)
        assert fil.is_alive(), "it waits for the lock of the structure"
    fil.join()

    assert len(refus) == 1
    assert equipe.structure.appartenances.get(role=Role.ADMIN) == autre
