"""Who may open each agents' page. The list of addresses is read from the site: a new page cannot be forgotten."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from cartographie.models import LienDeTerritoire
from reservations.models import Attente
from tests.aides_agent import Equipe, connecte, un_rendez_vous, une_absence, une_equipe, une_plage

# Pages that only an admin may open, whatever the object.
ADMIN = {
    "motifs:nouveau_motif",
    "motifs:modifier_motif",
    "motifs:ouvrir_ou_fermer",
    "motifs:dupliquer_motif",
    "motifs:supprimer_motif",
    "motifs:archiver_motif",
    "motifs:restaurer_motif",
    "structures:nouveau_lieu",
    "structures:modifier_lieu",
    "structures:basculer_lieu",
    "structures:structure",
    "structures:inviter_agent",
    "structures:relancer_agent",
    "structures:changer_role",
    "reservations:retirer_agent",
    "plages:fermetures",
    "reservations:rendez_vous_fermes",
    "reservations:basculer_motif",
    "reservations:renouveler_lien",
    "reservations:fermer_lien",
    "reservations:rouvrir_lien",
}
# Objects of the admin that a colleague may not change.
A_LEUR_AGENT = {
    "plages:modifier_plage",
    "plages:supprimer",
    "plages:occurrence",
    "plages:modifier_absence",
    "plages:supprimer_absence",
    "reservations:rendez_vous_couverts",
}
ECRITURE_SEULE = {
    "reservations:retirer_de_la_liste",
    "cartographie:changer_lien_de_territoire",
    "reservations:mon_lien",
    "motifs:ouvrir_ou_fermer",
    "motifs:archiver_motif",
    "motifs:restaurer_motif",
    "reservations:basculer_motif",
    "structures:basculer_lieu",
    "structures:relancer_agent",
    "structures:changer_role",
}

OBJETS: dict[str, Callable[[Equipe], Any]] = {
    "motif_id": lambda equipe: equipe.motif,
    "lieu_id": lambda equipe: equipe.lieu,
    "plage_id": une_plage,
    "absence_id": une_absence,
    "rendez_vous_id": un_rendez_vous,
    "apprenant_id": lambda equipe: un_rendez_vous(equipe).participations.get().apprenant,
    "agent_id": lambda equipe: equipe.basique,
    "attente_id": lambda equipe: Attente.objects.create(motif=equipe.motif, prenom="Ana", nom="Silva"),
    "lien_id": lambda equipe: LienDeTerritoire.objects.create(structure=equipe.structure, nom="Vallée"),
}
# A page to read: a POST is a 405 before anything is looked for.
LECTURE_SEULE = {"reservations:deplacer", "reservations:apprenant"}


def _noms(resolveur: URLResolver, espace: str = "") -> Iterator[str]:
    for element in resolveur.url_patterns:
        if isinstance(element, URLResolver):
            yield from _noms(element, f"{element.namespace}:" if element.namespace else espace)
        elif isinstance(element, URLPattern) and element.name:
            yield f"{espace}{element.name}"


def _pages_d_agent() -> list[tuple[str, tuple[str, ...]]]:
    """Return (name, object arguments) of each address that names a structure."""
    trouvees = set()
    for nom in _noms(get_resolver()):
        espace, _, court = nom.rpartition(":")
        resolveur = get_resolver().namespace_dict[espace][1] if espace else get_resolver()
        for possibilites, *_ in resolveur.reverse_dict.getlist(court):
            arguments = possibilites[0][1]
            if "structure_id" in arguments:
                trouvees.add((nom, tuple(a for a in arguments if a != "structure_id")))
    return sorted(trouvees)


PAGES = _pages_d_agent()
chaque_page = pytest.mark.parametrize(("nom", "arguments"), PAGES, ids=[nom for nom, _ in PAGES])


def _adresse(nom: str, arguments: tuple[str, ...], equipe: Equipe, proprietaire: Equipe | None = None) -> str:
    objets = {argument: OBJETS[argument](proprietaire or equipe).pk for argument in arguments}
    return reverse(nom, kwargs={"structure_id": equipe.structure.pk, **objets})


def test_the_pages_are_found() -> None:
    assert len(PAGES) >= 16


@chaque_page
@pytest.mark.django_db
def test_anonymous_is_sent_to_sign_in(nom: str, arguments: tuple[str, ...]) -> None:
    adresse = _adresse(nom, arguments, une_equipe())

    for methode in ("get", "post"):
        reponse = getattr(Client(), methode)(adresse)

        assert reponse.status_code == 302
        assert reponse["Location"].startswith("/connexion/?next=")


@chaque_page
@pytest.mark.django_db
def test_another_structure_is_a_404(nom: str, arguments: tuple[str, ...]) -> None:
    mienne, autre = une_equipe(), une_equipe()
    adresse = _adresse(nom, arguments, autre)

    for methode in ("get", "post"):
        assert getattr(connecte(mienne.admin), methode)(adresse).status_code == 404


@pytest.mark.parametrize(
    ("nom", "arguments"), [page for page in PAGES if page[1]], ids=[nom for nom, arguments in PAGES if arguments]
)
@pytest.mark.django_db
def test_an_object_of_another_structure_is_a_404(nom: str, arguments: tuple[str, ...]) -> None:
    mienne, autre = une_equipe(), une_equipe()
    adresse = _adresse(nom, arguments, mienne, autre)
    client = connecte(mienne.admin)

    if nom not in LECTURE_SEULE:
        assert client.post(adresse).status_code == 404
    if nom not in ECRITURE_SEULE:
        assert client.get(adresse).status_code == 404


@chaque_page
@pytest.mark.django_db
def test_an_ordinary_agent_is_refused_where_an_admin_is_needed(nom: str, arguments: tuple[str, ...]) -> None:
    equipe = une_equipe()
    adresse = _adresse(nom, arguments, equipe)
    client = connecte(equipe.basique)

    reponses = {client.get(adresse).status_code, client.post(adresse).status_code}

    if nom in ADMIN | A_LEUR_AGENT:
        assert reponses == {403}
    else:
        assert not reponses & {403, 404, 500}


@pytest.mark.parametrize("nom", sorted(ECRITURE_SEULE))
@pytest.mark.django_db
def test_a_write_is_never_a_get(nom: str) -> None:
    equipe = une_equipe()

    assert connecte(equipe.admin).get(_adresse(nom, dict(PAGES)[nom], equipe)).status_code == 405
