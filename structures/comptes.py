"""Agents' accounts: a new structure and its admin, the e-mail that lets someone choose a (first) password."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from structures.fuseaux import fuseau_du_departement
from structures.models import Agent, Appartenance, Plateforme, Role, Structure

DEPARTEMENT = re.compile(r"0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|97[1-8]|98[678]")
JOURS_DE_VALIDITE = settings.PASSWORD_RESET_TIMEOUT // 86400


def lien_mot_de_passe(agent: Agent) -> str:
    """Return the one-use address where this agent chooses a password.

    The host is the site's own (`SITE_URL`), never the one of the request: a forged `Host` header would send the
    secret elsewhere.
    """
    chemin = reverse(
        "structures:mot_de_passe_choisir",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(agent.pk)),
            "token": default_token_generator.make_token(agent),
        },
    )
    return f"{settings.SITE_URL}{chemin}"


def envoyer_lien_mot_de_passe(agent: Agent) -> None:
    """E-mail the link to an agent who asked for it."""
    send_mail(
        "Choisir un nouveau mot de passe",
        f"Bonjour {agent.prenom},\n\n"
        "Vous avez demandé à choisir un nouveau mot de passe pour RDV Aide Numérique. "
        f"Ouvrez cette page dans les {JOURS_DE_VALIDITE} jours :\n\n{lien_mot_de_passe(agent)}\n\n"
        "Si vous n'avez rien demandé, ne faites rien : votre mot de passe ne change pas.\n\n"
        "RDV Aide Numérique",
        None,
        [agent.courriel],
    )


def envoyer_bienvenue(agent: Agent, structure: Structure) -> None:
    """E-mail a new member: the link when they have no password yet, else the sign-in page."""
    if agent.has_usable_password():
        suite = (
            f"Connectez-vous avec votre mot de passe habituel :\n\n{settings.SITE_URL}{reverse('structures:connexion')}"
        )
    else:
        suite = (
            f"Pour commencer, choisissez votre mot de passe dans les {JOURS_DE_VALIDITE} jours :\n\n"
            f"{lien_mot_de_passe(agent)}\n\n"
            "Passé ce délai, demandez un nouveau lien : sur la page de connexion, "
            "« Mot de passe oublié ou première connexion »."
        )
    send_mail(
        f"Votre accès à RDV Aide Numérique pour {structure}".replace("\n", " "),
        f"Bonjour {agent.prenom},\n\n"
        f"Vous pouvez maintenant gérer les rendez-vous de {structure} sur RDV Aide Numérique. {suite}\n\n"
        "RDV Aide Numérique",
        None,
        [agent.courriel],
    )


@dataclass(frozen=True)
class Creation:
    """What `creer_structure` found or made."""

    structure: Structure
    agent: Agent
    structure_creee: bool
    agent_cree: bool
    admin_ajoute: bool


@transaction.atomic
def creer_structure(
    *,
    nom: str,
    departement: str,
    courriel: str,
    prenom: str = "",
    nom_agent: str = "",
    telephone: str = "",
    plateforme: str = Plateforme.AIDE_NUMERIQUE,
) -> Creation:
    """Make a structure, in the time zone of its département, and its admin, who has no password yet.

    May be run again: a structure of this name in this département and an agent of this address are found, not doubled;
    the agent is made admin. Raises ValidationError (French sentences by field) on a value that cannot be.
    """
    structure = Structure.objects.filter(nom__iexact=nom.strip(), departement=departement).first()
    structure_creee = structure is None
    if structure is None:
        structure = Structure(
            nom=nom.strip(),
            departement=departement,
            fuseau=fuseau_du_departement(departement),
            telephone=telephone,
            plateforme=plateforme,
        )
        structure.full_clean()
        structure.save()
    agent = Agent.objects.filter(courriel__iexact=courriel.strip()).first()
    agent_cree = agent is None
    if agent is None:
        agent = Agent(courriel=courriel.strip().lower(), prenom=prenom.strip(), nom=nom_agent.strip())
        agent.set_unusable_password()
        agent.full_clean()
        agent.save()
    appartenance, ajoutee = Appartenance.objects.get_or_create(
        agent=agent, structure=structure, defaults={"role": Role.ADMIN}
    )
    admin_ajoute = ajoutee or not appartenance.est_admin
    if admin_ajoute and not ajoutee:
        appartenance.role = Role.ADMIN
        appartenance.save(update_fields=["role"])
    return Creation(structure, agent, structure_creee, agent_cree, admin_ajoute)
