"""Agents' accounts: the e-mail that lets someone choose a password, the first one included."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from structures.models import Agent, Structure

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
        f"Ouvrez cette page dans les {JOURS_DE_VALIDITE} jours :\n\n{lien_mot_de_passe(agent)}\n\n"
        "Si vous n'avez rien demandé, ne faites rien : votre mot de passe ne change pas.\n\n"
        "RDV Aide Numérique",
        None,
        [agent.courriel],
    )


def envoyer_bienvenue(agent: Agent, structure: Structure) -> None:
    """E-mail a new member: the link when they have no password yet, else the sign-in page."""
    if agent.has_usable_password():
        suite = (
            f"Connectez-vous avec votre mot de passe habituel :\n\n{settings.SITE_URL}{reverse('structures:connexion')}"
        )
    else:
        suite = (
            f"Pour commencer, choisissez votre mot de passe dans les {JOURS_DE_VALIDITE} jours :\n\n"
            f"{lien_mot_de_passe(agent)}\n\n"
            "Passé ce délai, demandez un nouveau lien : page de connexion, « Mot de passe oublié ou première connexion »."
        )
    send_mail(
        f"Votre accès à RDV Aide Numérique pour {structure}".replace("\n", " "),
        f"Bonjour {agent.prenom},\n\n"
        f"Vous pouvez maintenant gérer les rendez-vous de {structure} sur RDV Aide Numérique. {suite}\n\n"
        "RDV Aide Numérique",
        None,
        [agent.courriel],
    )
