"""What the tests of the prescribers share: the whole path of someone who books for somebody else."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from reservations.models import Demarche, RendezVous
from tests.reservations.aides_parcours import MARDI_9H, Monde, accepter, code_recu, etape, texte

LEA = {
    "prenom": "Léa",
    "nom": "Roux",
    "organisation": "CCAS de Crest",
    "courriel": "lea@ccas.exemple.fr",
    "telephone": "04 75 00 00 00",
}
JEANNE = {"prenom": "Jeanne", "nom": "Martin", "telephone": "06 12 34 56 78", "courriel": "", "note": ""}


def choisir(client: Client, monde: Monde, debut: datetime = MARDI_9H) -> Demarche:
    """Press the button of a slot by the way of the prescribers."""
    adresse = f"/p/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/"
    reponse = client.post(adresse, {"debut": debut.isoformat(timespec="seconds")})
    assert reponse.status_code == 302, texte(reponse)
    return Demarche.objects.get(jeton=reponse["Location"].split("/")[2])


def se_presenter(client: Client, demarche: Demarche, **champs: str) -> None:
    """Say who one is, and give the code: this browser remembers."""
    client.post(etape("prescripteur", demarche), {**LEA, **champs})
    client.post(etape("code_prescripteur", demarche), {"code": code_recu()})


def confirmer_pour(client: Client, demarche: Demarche, **champs: str) -> HttpResponse:
    return client.post(etape("beneficiaire", demarche), {**JEANNE, **champs})


def prescrire(client: Client, monde: Monde, debut: datetime = MARDI_9H, **champs: str) -> RendezVous:
    """The whole path, from the slot to the rendez-vous of the person accompanied."""
    demarche = choisir(client, monde, debut)
    if monde.motif.instructions_a_accepter:
        accepter(client, demarche)
    if client.get(etape("demarche", demarche))["Location"] == etape("prescripteur", demarche):
        se_presenter(client, demarche)
    reponse = confirmer_pour(client, demarche, **champs)
    demarche.refresh_from_db()
    assert demarche.confirmee_le is not None, texte(client.get(reponse["Location"]))
    assert demarche.rendez_vous is not None
    return demarche.rendez_vous


def page(rendez_vous: RendezVous, nom: str = "prescription", **parametres: Any) -> str:
    return reverse(f"reservations:{nom}", args=[rendez_vous.pk])
