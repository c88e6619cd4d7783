"""Factories: deterministic (sequences and fixed values, nothing random), each makes the least that is valid."""

import factory
from django.contrib.auth.hashers import make_password

from motifs.models import Motif, TypeLieu
from reservations.models import Prescripteur
from structures.models import Agent, Appartenance, Lieu, Plateforme, Role, Structure

MOT_DE_PASSE = "motdepasse-de-test-1"
_HACHE: list[str] = []


def _mot_de_passe_hache() -> str:
    """Hash the test password once: Argon2 is slow on purpose."""
    if not _HACHE:
        _HACHE.append(make_password(MOT_DE_PASSE))
    return _HACHE[0]


class StructureFactory(factory.django.DjangoModelFactory):
    """A structure on RDV Aide Numérique, in Paris time; `solidarites=True` puts it on the other platform."""

    class Meta:
        model = Structure

    class Params:
        solidarites = factory.Trait(plateforme=Plateforme.SOLIDARITES)
        reunion = factory.Trait(departement="974", fuseau="Indian/Reunion")

    nom = factory.Sequence(lambda n: f"Structure {n}")
    departement = "26"
    telephone = "+33475250000"


class AgentFactory(factory.django.DjangoModelFactory):
    """An agent who can sign in with MOT_DE_PASSE; a member of nothing: see AppartenanceFactory."""

    class Meta:
        model = Agent

    courriel = factory.Sequence(lambda n: f"agent{n}@exemple.fr")
    prenom = "Camille"
    nom = factory.Sequence(lambda n: f"Martin{n}")
    password = factory.LazyFunction(_mot_de_passe_hache)


class AppartenanceFactory(factory.django.DjangoModelFactory):
    """An admin of a structure; `basique=True` for an ordinary agent."""

    class Meta:
        model = Appartenance

    class Params:
        basique = factory.Trait(role=Role.BASIQUE)

    agent = factory.SubFactory(AgentFactory)
    structure = factory.SubFactory(StructureFactory)
    role = Role.ADMIN


class LieuFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Lieu

    structure = factory.SubFactory(StructureFactory)
    nom = factory.Sequence(lambda n: f"Médiathèque {n}")
    adresse = "1 rue de la République"
    code_postal = "26400"
    commune = "Crest"
    code_insee = "26108"


class MotifFactory(factory.django.DjangoModelFactory):
    """A one-hour motif on site, closed to online booking; `ouvert=True` opens it."""

    class Meta:
        model = Motif

    class Params:
        ouvert = factory.Trait(reservable_en_ligne=True)
        telephone = factory.Trait(type_lieu=TypeLieu.TELEPHONE)

    structure = factory.SubFactory(StructureFactory)
    nom = factory.Sequence(lambda n: f"Accompagnement {n}")
    duree = 60


class PrescripteurFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Prescripteur

    prenom = "Léa"
    nom = "Roux"
    courriel = factory.Sequence(lambda n: f"prescripteur{n}@exemple.fr")
    telephone = "+33475000000"
    organisation = "CCAS de Crest"
