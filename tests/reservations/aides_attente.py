"""What the tests of the waiting list share: a single place in the week, taken, and people who wait for it."""

from datetime import datetime, timedelta
from typing import Any

from reservations.models import Attente, RendezVous, Statut
from tests.reservations.aides_parcours import LUNDI_8H, MARDI_9H, Monde, prendre_ailleurs, un_monde, une_plage

MINUTE = timedelta(minutes=1)
UN_JOUR = timedelta(days=1)


def un_monde_plein(**champs: Any) -> tuple[Monde, RendezVous]:
    """One hour is open on Tuesday at 9 h, and somebody has it."""
    monde = un_monde(ouvrir=False, **champs)
    une_plage(monde, frequence="unique", jours=[], premier_jour=MARDI_9H.date(), de=9, a=10)
    return monde, prendre_ailleurs(monde, MARDI_9H)


def une_attente(monde: Monde, prenom: str = "Ana", **champs: Any) -> Attente:
    """Someone on the list since yesterday, told by e-mail at `prenom`@exemple.fr."""
    courriel = champs.get("courriel", "" if champs.get("telephone") else f"{prenom.lower()}@exemple.fr")
    valeurs = {
        "motif": monde.motif,
        "lieu": monde.lieu if monde.motif.sur_place else None,
        "prenom": prenom,
        "nom": "Silva",
        "courriel": courriel,
        "contact_verifie": courriel or champs.get("telephone", ""),
        "inscrite_le": LUNDI_8H - UN_JOUR,
        "fin": LUNDI_8H + 30 * UN_JOUR,
    }
    return Attente.objects.create(**valeurs | champs)


def liberer(rendez_vous: RendezVous, maintenant: datetime = LUNDI_8H) -> None:
    RendezVous.objects.filter(pk=rendez_vous.pk).update(statut=Statut.ANNULE, annule_le=maintenant)
