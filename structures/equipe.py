"""Writes on the team of a structure: invite, invite again, change a role, take out.

A structure keeps an admin whose account is open: what removes one locks the structure's row, then counts. Whoever also
needs the agents' locks takes them first.
"""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from structures.models import Agent, Appartenance, Role, Structure
from structures.services import changer_lien_d_agent
from structures.taches import REPOS_ENTRE_DEUX_LIENS, envoyer_invitation

INVITATIONS_PAR_JOUR = 50  # by a structure


class EquipeRefusee(Exception):
    """A change of the team is refused: `str()` is the sentence to show."""


@transaction.atomic
def inviter(*, structure: Structure, courriel: str, prenom: str, nom: str, role: str, maintenant: datetime) -> None:
    """Make someone a member, and have them told by e-mail. An address that has an account keeps it, name included.

    Raises EquipeRefusee when they already are a member, or when their account is closed.
    """
    agent, _ = Agent.objects.get_or_create(
        courriel__iexact=courriel,
        defaults={"courriel": courriel.lower(), "prenom": prenom, "nom": nom, "password": make_password(None)},
    )
    if not agent.is_active:
        raise EquipeRefusee("Le compte de cette adresse est fermé : seule la plateforme peut le rouvrir.")
    if not ajouter(agent=agent, structure=structure, role=role, maintenant=maintenant):
        raise EquipeRefusee("Cette personne fait déjà partie de la structure.")
    _compter_une_invitation(structure, maintenant)


@transaction.atomic
def ajouter(*, agent: Agent, structure: Structure, role: str, maintenant: datetime) -> bool:
    """Make an agent a member and have them told; False, and nothing changes, when they already are one."""
    appartenance, ajoutee = Appartenance.objects.get_or_create(
        agent=agent, structure=structure, defaults={"role": role, "invite_le": maintenant}
    )
    if ajoutee:
        envoyer_invitation.defer(appartenance_id=appartenance.pk)
    return ajoutee


@transaction.atomic
def relancer(*, appartenance: Appartenance, maintenant: datetime) -> None:
    """Send the invitation again to someone who has not chosen a password yet, every few minutes at most."""
    if appartenance.agent.has_usable_password() or not appartenance.agent.is_active:
        raise EquipeRefusee(f"{appartenance.agent} n'attend plus d'invitation.")
    reposees = Appartenance.objects.filter(
        Q(invite_le__isnull=True) | Q(invite_le__lte=maintenant - REPOS_ENTRE_DEUX_LIENS), pk=appartenance.pk
    )
    if not reposees.update(invite_le=maintenant):
        minutes = round(REPOS_ENTRE_DEUX_LIENS.total_seconds() / 60)
        raise EquipeRefusee(f"L'invitation vient de partir. Attendez {minutes} minutes avant d'en envoyer une autre.")
    _compter_une_invitation(appartenance.structure, maintenant)
    envoyer_invitation.defer(appartenance_id=appartenance.pk)


def _compter_une_invitation(structure: Structure, maintenant: datetime) -> None:
    """Refuse one too many for the day: nobody fills mailboxes from here. Under the structure's lock: two are two.

    Counted apart from the memberships: taking someone out and inviting them again is one more.
    """
    aujourd_hui = maintenant.astimezone(structure.tz).date()
    actuelle = Structure.objects.select_for_update(no_key=True).get(pk=structure.pk)
    deja = actuelle.invitations if actuelle.invitations_le == aujourd_hui else 0
    if deja >= INVITATIONS_PAR_JOUR:
        raise EquipeRefusee(
            f"Votre structure a déjà envoyé {INVITATIONS_PAR_JOUR} invitations aujourd'hui. Reprenez demain."
        )
    actuelle.invitations, actuelle.invitations_le = deja + 1, aujourd_hui
    actuelle.save(update_fields=["invitations", "invitations_le"])


@transaction.atomic
def changer_role(*, appartenance: Appartenance, role: str) -> None:
    """Change what a member may do. Raises EquipeRefusee for the last admin."""
    if role != Role.ADMIN:
        exiger_un_autre_admin(appartenance)
    Appartenance.objects.filter(pk=appartenance.pk).update(role=role)
    appartenance.role = role


@transaction.atomic
def sortir(*, appartenance: Appartenance, maintenant: datetime) -> None:
    """Delete a membership; `reservations.depart` says what else leaving is. Raises EquipeRefusee for the last admin.

    The link to their slots stays known: whoever has it is told so, and to whom to turn.
    """
    exiger_un_autre_admin(appartenance)
    changer_lien_d_agent(appartenance=appartenance, ouvert=False, maintenant=maintenant)
    Appartenance.objects.filter(pk=appartenance.pk).delete()


def est_seul_admin(appartenance: Appartenance) -> bool:
    """Whether nobody else would be left to run the structure."""
    admins = Appartenance.objects.filter(structure=appartenance.structure_id, role=Role.ADMIN, agent__is_active=True)
    return not admins.exclude(pk=appartenance.pk).exists()


def exiger_un_autre_admin(appartenance: Appartenance) -> None:
    """Lock the structure, then raise EquipeRefusee for its last admin. Needs a transaction."""
    Structure.objects.select_for_update(no_key=True).get(pk=appartenance.structure_id)
    if est_seul_admin(appartenance):
        raise EquipeRefusee(
            f"{appartenance.agent} est le seul administrateur de la structure. Nommez d'abord un autre administrateur."
        )
