"""Writes on lieux."""

from structures.models import Lieu

ADRESSE = ("adresse", "code_postal", "commune")


def enregistrer_lieu(*, lieu: Lieu) -> Lieu:
    """Save a lieu. When its address changes, what was found from the former one is forgotten.

    No place on the map is better than a wrong one.
    """
    avant = Lieu.objects.filter(pk=lieu.pk).values(*ADRESSE).first()
    if avant is not None and any(getattr(lieu, champ) != avant[champ] for champ in ADRESSE):
        lieu.latitude = lieu.longitude = None
        if (lieu.code_postal, lieu.commune) != (avant["code_postal"], avant["commune"]):
            lieu.code_insee = ""
    lieu.save()
    return lieu
