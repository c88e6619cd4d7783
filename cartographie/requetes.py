"""Which places are on the map, and what is published of them. No write here."""

from datetime import date

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from cartographie.models import EtatDuBouton, Releve
from plages.models import PlageOuverture
from structures.models import Lieu, Plateforme, Structure


def lieux_connus() -> QuerySet[Lieu]:
    """Places of the national directory, and those that agents added in structures whose booking is online."""
    return Lieu.objects.filter(Q(id_externe__isnull=False) | Q(structure__plateforme=Plateforme.AIDE_NUMERIQUE))


def lieux_publics() -> QuerySet[Lieu]:
    """Places to show: all those known, but for those that left the directory and that no agent opened again."""
    return lieux_connus().exclude(ouvert=False, releve__retire_le__isnull=False)


def est_retire(lieu: Lieu) -> bool:
    """Whether a place that was public is to be shown no longer. It comes with its `releve`."""
    releve: Releve | None = getattr(lieu, "releve", None)
    return not lieu.ouvert and releve is not None and releve.retire_le is not None


def lieux_publies() -> QuerySet[Lieu]:
    """Places as the feeds say them, with their structure and the published state of their button.

    The standard requires an address.
    """
    etats = EtatDuBouton.objects.en_cours()
    return (
        lieux_publics()
        .exclude(adresse="")
        .select_related("structure")
        .prefetch_related(Prefetch("etats_du_bouton", queryset=etats, to_attr="etats_en_cours"))
        .order_by("pk")
    )


def prenoms_publics(lieu: Lieu, aujourd_hui: date) -> list[str]:
    """Return the first names of those who receive people in a place and agreed to be named there. One query."""
    plages = PlageOuverture.objects.en_cours(aujourd_hui).filter(lieu=lieu, agent__is_active=True)
    membres = plages.filter(agent__appartenances__structure=F("structure"), agent__prenom_public=True)
    return sorted(set(membres.values_list("agent__prenom", flat=True)))


def dernier_jour_connu(lieu: Lieu, aujourd_hui: date) -> date:
    """Return the last day on which a place is known to be as it is said: today for one that can be booked."""
    etat: EtatDuBouton | None = next(iter(lieu.etats_en_cours), None)  # type: ignore[attr-defined]
    if etat is not None:
        return aujourd_hui if etat.actif else etat.depuis.astimezone(lieu.structure.tz).date()
    # The directory says its own date; a place that an agent added has none, its structure is the nearest we know.
    return date.min if lieu.fiche.get("date_maj") else lieu.structure.cree_le.astimezone(lieu.structure.tz).date()


def structures_reservables() -> QuerySet[Structure]:
    """Structures known to the national directory that have a button on, as published.

    Identifiers that the import deduced from a SIRET or a place ("pivot:…", "lieu:…") are nobody else's.
    """
    allumes = EtatDuBouton.objects.en_cours().filter(actif=True, lieu__structure=OuterRef("pk"))
    return (
        Structure.objects.filter(Exists(allumes), id_externe__isnull=False)
        .exclude(id_externe__contains=":")
        .order_by("id_externe")
    )
