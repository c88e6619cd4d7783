"""One place followed through: whatever happens to it, all that speaks of its button says the same."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from cartographie.publication import publier
from motifs.services import ouvrir
from structures.lieux import ouvrir_ou_fermer
from tests.aides_agent import Equipe, connecte, demain, texte, un_rendez_vous, une_absence, une_equipe, une_plage

pytestmark = pytest.mark.django_db

ID_EXTERNE = "6082a8ba4f47999865ae409b"


def ce_que_tous_disent(equipe: Equipe) -> dict[str, bool]:
    """Return whether the place can be booked, as each page and each feed says it."""
    public, structure, lieu = Client(), equipe.structure, equipe.lieu
    (dans_la_liste,) = html.fromstring(public.get("/carte/", {"ou": "Crest"}).content).xpath("//main//ul/li[h3]")
    cadre = {"ouest": 5, "sud": 44, "est": 6, "nord": 45}
    ((_, _, _, reservables, *_),) = public.get("/carte/points.json", cadre).json()["points"]
    fiche = public.get(f"/lieux/{lieu.pk}/", follow=True)
    (donnees,) = html.fromstring(fiche.content).xpath("//script[@type='application/ld+json']")
    (au_standard,) = json.loads(b"".join(public.get("/api/v1/lieux.json")))
    liens = public.get("/api/v1/public_links", {"territory": "CN"}).json()["public_links"]
    page = html.fromstring(connecte(equipe.admin).get(equipe.adresse("reservations:reservation_en_ligne")).content)
    motifs, boutons = (" ".join(tableau.text_content().split()) for tableau in page.xpath("//main//table"))
    return {
        "la liste": "prochain créneau" in dans_la_liste.text_content(),
        "la liste des réservables": texte(public.get("/carte/", {"ou": "Crest", "reservable": "on"})).count("1 lieu")
        > 0,
        "la carte": reservables == 1,
        "la fiche": "Le plus tôt :" in texte(fiche),
        "la fiche, aux moteurs": "potentialAction" in json.loads(donnees.text),
        "le flux des lieux": "prise_rdv" in au_standard,
        "le flux des liens": [lien["external_id"] for lien in liens] == [ID_EXTERNE],
        "l'adresse donnée": public.get(f"/lieux/{lieu.pk}/rendez-vous/")["Location"].startswith(
            f"/r/{structure.lien}/"
        ),
        "la page de l'agent": "● actif" in boutons,
        "le motif de l'agent": "● réservable" in motifs,
    }


def test_at_each_step_the_map_the_page_the_feeds_and_the_agent_agree() -> None:
    equipe = une_equipe(id_externe=ID_EXTERNE)
    equipe.lieu.latitude, equipe.lieu.longitude = 44.7289, 5.0222
    equipe.lieu.save()
    depart, fait = timezone.now(), []

    def tous_disent(*, reservable: bool, parce_que: str = "") -> None:
        fait.append(parce_que)
        publier(maintenant=depart + timedelta(minutes=10 * len(fait)))
        dit = ce_que_tous_disent(equipe)
        assert dit == dict.fromkeys(dit, reservable), f"étape {len(fait)}"
        if parce_que:
            page = connecte(equipe.admin).get(equipe.adresse("reservations:reservation_en_ligne"))
            assert f" : {parce_que}" in texte(page)

    tous_disent(reservable=False, parce_que="aucun motif n'est ouvert à tout le monde")
    ouvrir(motif=equipe.motif)
    tous_disent(reservable=False, parce_que="aucune plage d'ouverture dans ce lieu pour un motif ouvert")
    une_plage(equipe, frequence="unique", heure_fin=time(10))
    tous_disent(reservable=True)
    heure = datetime.combine(demain(), time(9), equipe.structure.tz).astimezone(UTC).hour
    rdv = un_rendez_vous(equipe, heure=heure)
    tous_disent(reservable=False, parce_que="tous les créneaux sont pris")
    rdv.delete()
    tous_disent(reservable=True)
    absence = une_absence(equipe)
    tous_disent(reservable=False, parce_que="les agents sont absents")
    absence.delete()
    tous_disent(reservable=True)
    ouvrir_ou_fermer(lieu=equipe.lieu, ouvert=False)
    tous_disent(reservable=False, parce_que="ce lieu est fermé")
    ouvrir_ou_fermer(lieu=equipe.lieu, ouvert=True)
    tous_disent(reservable=True)
    assert list(equipe.lieu.etats_du_bouton.order_by("depuis").values_list("actif", flat=True)) == [True, False] * 3 + [
        True
    ]
