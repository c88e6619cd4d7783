"""My account and my structure's details."""

import pytest

from structures.models import Agent, Structure
from tests.aides_agent import connecte, erreurs, messages_de, texte, une_equipe

pytestmark = pytest.mark.django_db

LIMITES = {"annulation_heures": "4", "deplacement_heures": "48"}


def test_un_agent_donne_son_lien_de_visio() -> None:
    equipe = une_equipe()
    saisie = {
        "prenom": "Basile",
        "nom": "Basique",
        "url_visio": "https://visio.exemple.fr/basile",
        "messages_recus": "aucun",
        "prenom_public": "on",
    }

    reponse = connecte(equipe.basique).post(equipe.adresse("structures:mon_compte"), saisie, follow=True)

    assert messages_de(reponse) == ["Votre compte est enregistré."]
    agent = Agent.objects.get(pk=equipe.basique.pk)
    assert (agent.url_visio, agent.messages_recus) == ("https://visio.exemple.fr/basile", "aucun")
    assert agent.prenom_public
    assert Agent.objects.get(pk=equipe.admin.pk).url_visio == ""


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("url_visio", "ma salle"),
        ("url_visio", "javascript:alert(1)"),
        ("url_visio", "ftp://visio.exemple.fr/"),
        ("prenom", ""),
        ("messages_recus", ""),
        ("messages_recus", "rares"),
        ("prenom", "\u200b"),
    ],
)
def test_mon_compte_refuse_a_cote_du_champ_et_garde_la_saisie(champ: str, valeur: str) -> None:
    equipe = une_equipe()
    saisie = {"prenom": "Basile", "nom": "Nouveau", "url_visio": "", "messages_recus": "autres"} | {champ: valeur}

    reponse = connecte(equipe.basique).post(equipe.adresse("structures:mon_compte"), saisie)

    assert set(erreurs(reponse)) == {champ}
    assert 'value="Nouveau"' in reponse.content.decode()
    assert Agent.objects.get(pk=equipe.basique.pk).nom == "Basique"


def test_mon_compte_ne_change_ni_l_adresse_ni_les_droits() -> None:
    equipe = une_equipe()
    forge = {"prenom": "B", "nom": "B", "courriel": "autre@exemple.fr", "is_superuser": "on", "est_plateforme": "on"}

    connecte(equipe.basique).post(equipe.adresse("structures:mon_compte"), forge)

    agent = Agent.objects.get(pk=equipe.basique.pk)
    assert (agent.courriel, agent.is_superuser, agent.est_plateforme) == (equipe.basique.courriel, False, False)


def test_un_nom_tient_sur_une_ligne() -> None:
    equipe = une_equipe()
    saisie = {"prenom": "Basile\r\nBcc: tous@exemple.fr", "nom": "Basique", "url_visio": "", "messages_recus": "autres"}
    connecte(equipe.basique).post(equipe.adresse("structures:mon_compte"), saisie)
    assert Agent.objects.get(pk=equipe.basique.pk).prenom == "Basile Bcc: tous@exemple.fr"


def test_un_admin_ecrit_le_telephone_de_la_structure() -> None:
    equipe = une_equipe()
    saisie = LIMITES | {"nom": "Médiathèque", "telephone": "04 75 25 11 22", "courriel": "contact@exemple.fr"}

    reponse = connecte(equipe.admin).post(equipe.adresse("structures:structure"), saisie, follow=True)

    assert messages_de(reponse) == ["La structure est enregistrée."]
    structure = Structure.objects.get(pk=equipe.structure.pk)
    assert (structure.nom, structure.telephone.as_e164) == ("Médiathèque", "+33475251122")


def test_an_admin_chooses_the_reminders() -> None:
    equipe = une_equipe()
    assert (equipe.structure.rappel_48h, equipe.structure.rappel_2h) == (True, False)

    connecte(equipe.admin).post(
        equipe.adresse("structures:structure"), LIMITES | {"nom": "Médiathèque", "rappel_2h": "on"}
    )

    structure = Structure.objects.get(pk=equipe.structure.pk)
    assert (structure.rappel_48h, structure.rappel_2h) == (False, True)


def test_un_numero_impossible_est_dit_a_cote_du_champ() -> None:
    equipe = une_equipe()
    saisie = LIMITES | {"nom": "Médiathèque", "telephone": "12", "courriel": ""}

    reponse = connecte(equipe.admin).post(equipe.adresse("structures:structure"), saisie)

    assert set(erreurs(reponse)) == {"telephone"}
    assert Structure.objects.get(pk=equipe.structure.pk).nom == "Médiathèque de Crest"


def test_an_admin_says_until_when_people_change_their_rendez_vous() -> None:
    equipe = une_equipe()
    saisie = {"nom": "Médiathèque", "annulation_heures": "0", "deplacement_heures": "24"}
    connecte(equipe.admin).post(equipe.adresse("structures:structure"), saisie)
    structure = Structure.objects.get(pk=equipe.structure.pk)
    assert (structure.annulation_heures, structure.deplacement_heures) == (0, 24)


@pytest.mark.parametrize("nombre", ["337", "-1", "", "bientôt", "99999"])
def test_an_impossible_number_of_hours_is_said_beside_its_field(nombre: str) -> None:
    equipe = une_equipe()
    saisie = LIMITES | {"nom": "Médiathèque", "deplacement_heures": nombre}
    reponse = connecte(equipe.admin).post(equipe.adresse("structures:structure"), saisie)
    assert set(erreurs(reponse)) == {"deplacement_heures"}
    assert Structure.objects.get(pk=equipe.structure.pk).deplacement_heures == 48


def test_la_structure_n_est_pas_dans_le_menu_d_un_agent_simple() -> None:
    equipe = une_equipe()
    lieux = equipe.adresse("structures:lieux")
    page = equipe.adresse("structures:structure")
    assert page in connecte(equipe.admin).get(lieux).content.decode()
    assert page not in connecte(equipe.basique).get(lieux).content.decode()
    assert connecte(equipe.basique).get(page).status_code == 403
    assert "Structure" not in texte(connecte(equipe.basique).get(page))
