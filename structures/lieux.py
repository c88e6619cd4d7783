"""Writes on lieux."""

from structures.communes import annuaire_national
from structures.models import Lieu

ADRESSE = ("adresse", "code_postal", "commune")


def enregistrer_lieu(*, lieu: Lieu) -> Lieu:
    """Save a lieu, placed at the centre of its commune when it has no better coordinates.

    When its address changes, what was found from the former one is forgotten: no place on the map is better than a
    wrong one.
    """
    avant = Lieu.objects.filter(pk=lieu.pk).values(*ADRESSE).first()
    if avant is not None and any(getattr(lieu, champ) != avant[champ] for champ in ADRESSE):
        lieu.latitude = lieu.longitude = None
        if (lieu.code_postal, lieu.commune) != (avant["code_postal"], avant["commune"]):
            lieu.code_insee = ""
    _situer(lieu)
    lieu.save()
    return lieu


def _situer(lieu: Lieu) -> None:
    annuaire = annuaire_national()
    if not lieu.code_insee and (trouvaille := annuaire.trouver(lieu.code_postal, lieu.commune)):
        lieu.code_insee = trouvaille.commune.code_insee
    commune = annuaire.par_code.get(lieu.code_insee)
    if commune is not None and lieu.latitude is None:
        lieu.latitude, lieu.longitude = commune.latitude, commune.longitude


def ouvrir_ou_fermer(*, lieu: Lieu, ouvert: bool) -> None:
    """Offer a lieu to online booking again, or no longer. Its plages and its rendez-vous stay."""
    lieu.ouvert = ouvert
    lieu.save(update_fields=["ouvert"])
