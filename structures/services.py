"""Writes on agents that the other apps share, and on a structure's booking link."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from structures.models import Agent, AncienLien, Appartenance, Structure, jeton_secret


def verrouiller_agents(agents: Iterable[int]) -> None:
    """Take, in id order, the lock that every write to these agents' time takes first. Needs a transaction.

    `no_key`: the foreign keys that other transactions insert only need the key, they are not blocked. Id order: two
    transactions that want the same agents never wait for each other in a circle.
    """
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT FROM structures_agent WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(set(agents))]
        )


@transaction.atomic
def renouveler_lien(*, structure: Structure, lien: str, maintenant: datetime) -> bool:
    """Replace the booking link `lien`, kept to answer politely to those who still have it.

    Returns False, and changes nothing, when it is no longer the link of the structure: asked twice (a double click, two
    tabs), it is renewed once.
    """
    actuelle = Structure.objects.select_for_update(no_key=True).get(pk=structure.pk)
    if actuelle.lien != lien:
        return False
    AncienLien.objects.create(structure=actuelle, lien=lien, remplace_le=maintenant)
    actuelle.lien = structure.lien = jeton_secret()
    actuelle.save(update_fields=["lien"])
    return True


@transaction.atomic
def changer_lien_d_agent(*, appartenance: Appartenance, ouvert: bool, maintenant: datetime) -> None:
    """Give the agent a new link to their slots alone, or none with `ouvert=False`. The former one says so politely."""
    actuelle = Appartenance.objects.select_for_update(no_key=True).get(pk=appartenance.pk)
    if actuelle.lien:
        AncienLien.objects.create(structure_id=actuelle.structure_id, lien=actuelle.lien, remplace_le=maintenant)
    actuelle.lien = appartenance.lien = jeton_secret() if ouvert else None
    actuelle.save(update_fields=["lien"])


def fermer_lien(*, structure: Structure, ferme: bool = True) -> None:
    """Close the booking link of a structure, or open it again with `ferme=False`. The motifs keep their settings."""
    structure.lien_ferme = ferme
    structure.save(update_fields=["lien_ferme"])


def renouveler_agenda(*, agent: Agent) -> None:
    """Give the agent's calendar a new secret address; the former one, if any, is forgotten."""
    agent.jeton_agenda = jeton_secret()
    agent.save(update_fields=["jeton_agenda"])


def fermer_agenda(*, agent: Agent) -> None:
    """Let nobody follow the agent's calendar any more."""
    agent.jeton_agenda = None
    agent.save(update_fields=["jeton_agenda"])
