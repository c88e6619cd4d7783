"""Writes on the links of territory. Any agent of the structure may: they show nothing that is not public, and whoever
made one may have left."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from cartographie.models import LienDeTerritoire
from structures.models import AncienLien, Structure, jeton_secret


@transaction.atomic
def creer_lien(*, lien: LienDeTerritoire, structures: Collection[Structure]) -> None:
    """Save a new link: to a whole département, or to these structures."""
    lien.save()
    if not lien.departement:
        lien.structures.set(structures)


@transaction.atomic
def renouveler_lien(*, lien: LienDeTerritoire, jeton: str, maintenant: datetime) -> bool:
    """Replace the secret `jeton`, kept to answer politely to those who still have it.

    Returns False, and changes nothing, when it is no longer the secret of the link: asked twice, it is renewed once.
    """
    actuel = LienDeTerritoire.objects.select_for_update(no_key=True).get(pk=lien.pk)
    if actuel.jeton != jeton:
        return False
    AncienLien.objects.create(structure_id=actuel.structure_id, lien=jeton, remplace_le=maintenant)
    actuel.jeton = lien.jeton = jeton_secret()
    actuel.save(update_fields=["jeton"])
    return True


def fermer_lien(*, lien: LienDeTerritoire, ferme: bool = True) -> None:
    """Close a link, or open it again with `ferme=False`."""
    lien.ferme = ferme
    lien.save(update_fields=["ferme"])
