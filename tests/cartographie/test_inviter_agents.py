"""The import of a directory of agents: structures ready to work, agents invited once, changes followed."""

import io
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from motifs.models import Motif
from structures.models import Agent, Appartenance, Lieu, Role, Structure
from structures.taches import envoyer_invitation
from tests.factories import MOT_DE_PASSE, AgentFactory, AppartenanceFactory, LieuFactory, MotifFactory, StructureFactory

pytestmark = pytest.mark.django_db
ENTETE = "id_structure;structure;adresse;code_postal;commune;id_agent;prenom;nom;courriel"
NADIA = "s1;Médiathèque de Crest;10 rue Neuve;26400;CREST;a1;Nadia;Benali;Nadia@Exemple.fr"
SAMI = "s2;Case numérique;;97400;St Denis;a2;Sami;Roy;sami@exemple.fr"


@pytest.fixture
def importer(tmp_path: Path):
    """Give a function that runs the command on these rows and returns what it prints."""

    def executer(*lignes: str, entete: str = ENTETE, encodage: str = "utf-8-sig") -> str:
        fichier, sortie = tmp_path / "agents.csv", io.StringIO()
        fichier.write_bytes("\r\n".join([entete, *lignes, ""]).encode(encodage))
        call_command("inviter_agents", str(fichier), stdout=sortie)
        return sortie.getvalue()

    return executer


def versions() -> list[tuple[str, ...]]:
    """The transaction that wrote each row: any write at all changes it."""
    tables = ("structures_structure", "structures_agent", "structures_appartenance", "structures_lieu", "motifs_motif")
    with connection.cursor() as curseur:
        curseur.execute(
            " UNION ALL ".join(f"SELECT '{t}', id, xmin::text, ctid::text FROM {t}" for t in tables)  # noqa: S608
        )
        return sorted(curseur.fetchall())


def invitations() -> int:
    return ProcrastinateJob.objects.filter(task_name="structures.envoyer_invitation").count()


def test_a_structure_is_ready_to_work_and_its_agent_invited(importer) -> None:
    sortie = importer(NADIA, SAMI)

    assert "Lignes lues : 2, chargées : 2, refusées : 0\nStructures créées : 2\nAgents créés : 2" in sortie
    crest = Structure.objects.get(id_externe="s1")
    assert (crest.nom, crest.departement, crest.fuseau) == ("Médiathèque de Crest", "26", "Europe/Paris")
    assert Structure.objects.get(id_externe="s2").fuseau == "Indian/Reunion"
    lieu = crest.lieux.get()
    assert (lieu.adresse_complete, lieu.code_insee) == ("10 rue Neuve, 26400 Crest", "26108")
    assert lieu.latitude == pytest.approx(44.73, abs=0.05)
    assert set(crest.motifs.values_list("nom", "duree", "type_lieu", "reservable_en_ligne")) == {
        ("Accompagnement individuel", 60, "sur_place", False),
        ("Atelier", 120, "sur_place", False),
    }
    appartenance = crest.appartenances.get()
    assert (appartenance.role, appartenance.agent.courriel) == (Role.ADMIN, "nadia@exemple.fr")
    assert appartenance.agent.id_externe == "a1"
    envoyer_invitation(appartenance_id=appartenance.pk)
    assert "/mot-de-passe/" in str(mail.outbox[0].body)


@pytest.mark.parametrize(("separateur", "encodage"), [(",", "utf-8"), ("\t", "utf-8-sig"), (";", "cp1252")])
def test_the_second_run_writes_and_sends_nothing(importer, separateur: str, encodage: str) -> None:
    lignes = [ligne.replace(";", separateur) for ligne in (NADIA, SAMI)]
    entete = ENTETE.replace(";", separateur)
    importer(*lignes, entete=entete, encodage=encodage)
    avant, envoyees = versions(), invitations()

    sortie = importer(*lignes, entete=entete, encodage=encodage)

    assert "Structures créées : 0\nAgents créés : 0, adresses e-mail changées : 0\nInvitations envoyées : 0" in sortie
    assert (versions(), invitations()) == (avant, envoyees)
    assert envoyees == 2


def test_what_a_structure_already_has_is_left_alone(importer) -> None:
    structure = StructureFactory(id_externe="s1", nom="Son nom à elle")
    lieu, motif = LieuFactory(structure=structure), MotifFactory(structure=structure)
    importer(NADIA)

    assert Structure.objects.get().nom == "Son nom à elle"
    assert (Lieu.objects.get(), Motif.objects.get()) == (lieu, motif)


def test_several_agents_of_one_structure_share_it(importer) -> None:
    importer(NADIA, NADIA.replace("a1;Nadia;Benali;Nadia", "a9;Luc;Petit;luc"))

    assert (Structure.objects.count(), Lieu.objects.count(), Motif.objects.count(), Agent.objects.count()) == (
        1,
        1,
        2,
        2,
    )


def test_an_account_of_this_address_is_joined_and_keeps_its_name(importer) -> None:
    agent = AgentFactory(courriel="nadia@exemple.fr", prenom="Nad", nom="B.")
    importer(NADIA)

    agent.refresh_from_db()
    assert (agent.id_externe, agent.prenom, agent.check_password(MOT_DE_PASSE)) == ("a1", "Nad", True)
    assert agent.structures.get().id_externe == "s1"


def test_an_agent_who_changes_structure_is_in_the_new_one_and_still_in_the_former(importer) -> None:
    importer(NADIA)
    autre = NADIA.replace("s1;Médiathèque de Crest", "s3;Mairie de Die")

    sortie = importer(autre)

    assert "reste aussi dans son ancienne structure" in sortie
    assert "(lu : « Médiathèque de Crest »)" in sortie
    assert set(Agent.objects.get().structures.values_list("id_externe", flat=True)) == {"s1", "s3"}
    assert "Avertissements" not in importer(autre)


def test_a_new_address_is_followed_and_the_pending_invitation_goes_there(importer) -> None:
    importer(NADIA)
    Appartenance.objects.update(invite_le=None)

    sortie = importer(NADIA.replace("Nadia@Exemple.fr", "n.benali@exemple.fr"))

    assert "adresses e-mail changées : 1" in sortie
    assert Agent.objects.get().courriel == "n.benali@exemple.fr"
    assert invitations() == 2


def test_a_new_address_already_taken_is_reported(importer) -> None:
    importer(NADIA)
    AgentFactory(courriel="Luc@exemple.fr")

    sortie = importer(NADIA.replace("Nadia@Exemple.fr", "luc@exemple.fr"))

    assert "ligne 2, colonne « courriel » : cette nouvelle adresse est déjà celle d'un autre agent" in sortie
    assert Agent.objects.get(id_externe="a1").courriel == "nadia@exemple.fr"


@pytest.mark.parametrize(
    ("colonne", "valeur", "raison"),
    [
        ("id_agent", "", "valeur obligatoire absente"),
        ("structure", "\u200b", "valeur obligatoire absente"),
        ("code_postal", "2640", "cinq chiffres sont attendus"),
        ("courriel", "nadia", "ce n'est pas une adresse e-mail"),
        ("prenom", "x" * 101, "100 caractères au plus"),
        ("courriel", "occupe@exemple.fr", "celle d'un agent qui a un autre identifiant"),
        ("id_agent", "parti", "le compte de cet agent est fermé"),
    ],
)
def test_a_bad_row_is_refused_alone(importer, colonne: str, valeur: str, raison: str) -> None:
    AppartenanceFactory(agent__courriel="occupe@exemple.fr", agent__id_externe="a7")
    AgentFactory(id_externe="parti", is_active=False)
    valeurs = dict(zip(ENTETE.split(";"), NADIA.split(";"), strict=True)) | {colonne: valeur}

    sortie = importer(";".join(valeurs.values()), SAMI)

    assert "Lignes lues : 2, chargées : 1, refusées : 1" in sortie
    assert f"ligne 2, colonne « {colonne} » :" in sortie
    assert raison in sortie
    assert not Structure.objects.filter(id_externe="s1").exists()
    assert Structure.objects.filter(id_externe="s2").exists()


def test_an_unknown_commune_is_reported_and_the_lieu_not_placed(importer) -> None:
    sortie = importer(NADIA.replace("CREST", "Nulle-Part"))

    assert "commune introuvable" in sortie
    assert (Lieu.objects.get().latitude, Lieu.objects.get().commune) == (None, "Nulle-Part")
    assert Structure.objects.get().departement == "26"


def test_a_file_without_its_columns_is_refused_with_their_names(importer) -> None:
    with pytest.raises(CommandError, match=r"agents\.csv : Il manque une colonne obligatoire : courriel"):
        importer(NADIA, entete=ENTETE.replace(";courriel", ";mel"))
    assert not Structure.objects.exists()
