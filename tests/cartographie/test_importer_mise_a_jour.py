"""The import again, months later: places change, close, come back, merge; what agents did stays."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from cartographie.bilan import FERMES, GARDES, MODIFIES, REUNIS, ROUVERTS, Bilan, TropDeFermetures
from cartographie.boutons import boutons_de_la_structure
from cartographie.fichiers import Ligne
from cartographie.models import Releve
from cartographie.publication import publier
from cartographie.services import importer_lieux
from reservations.models import RendezVous
from structures.lieux import enregistrer_lieu, ouvrir_ou_fermer
from structures.models import Lieu, Structure
from tests.aides_agent import Equipe, texte, un_rendez_vous, une_equipe, une_plage
from tests.cartographie.test_importer_lieux import BASE, versions
from tests.factories import LieuFactory

pytestmark = pytest.mark.django_db


def lignes(*ids: str, **valeurs: str) -> list[Ligne]:
    return [Ligne(numero=rang, valeurs={**BASE, "id": cle, **valeurs}) for rang, cle in enumerate(ids, start=2)]


def importer(*ids: str, complet: bool = True, essai: bool = False, **valeurs: str) -> Bilan:
    return importer_lieux(lignes=lignes(*ids, **valeurs), complet=complet, essai=essai)


def dits(bilan: Bilan) -> dict[str, list[str]]:
    par_genre: dict[str, list[str]] = {}
    for changement in bilan.changements:
        par_genre.setdefault(changement.genre, []).append(str(changement))
    return par_genre


def etats() -> dict[str | None, bool]:
    return dict(Lieu.objects.values_list("id_externe", "ouvert"))


def une_equipe_connue(id_externe: str) -> Equipe:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    Lieu.objects.filter(pk=equipe.lieu.pk).update(id_externe=id_externe)
    equipe.lieu.refresh_from_db()
    return equipe


# --- What changed -------------------------------------------------------------------------------------------------


def test_what_an_agent_corrected_is_kept_and_said() -> None:
    importer("a", telephone="0475250000")
    lieu = Lieu.objects.get()
    lieu.nom, lieu.adresse = "Médiathèque Jean-Prévost", "2 quai Neuf"
    enregistrer_lieu(lieu=lieu)

    bilan = importer("a", telephone="0475250001", nom="Mediatheque", horaires="Mo 09:00-12:00")

    lieu.refresh_from_db()
    assert (lieu.nom, lieu.adresse) == ("Médiathèque Jean-Prévost", "2 quai Neuf")
    assert (lieu.telephone, lieu.fiche["horaires"]) == ("+33475250001", "Mo 09:00-12:00")
    nom = "a, Médiathèque Jean-Prévost (Crest)"
    assert dits(bilan) == {
        GARDES: [
            f"{nom} : nom « Médiathèque Jean-Prévost », le fichier dit « Mediatheque »",
            f"{nom} : adresse « 2 quai Neuf », le fichier dit « 1 rue de la République »",
        ],
        MODIFIES: [f"{nom} : telephone « +33475250000 » → « +33475250001 », horaires (rien) → « Mo 09:00-12:00 »"],
    }


def test_twice_the_same_file_changes_nothing_even_what_was_closed() -> None:
    importer("a", "b", "c")
    Lieu.objects.filter(id_externe="a").update(nom="Corrigé")
    importer("a", "b|x", nom="Autre nom")
    avant, releves = versions(), list(Releve.objects.order_by("pk").values())

    bilan = importer("a", "b|x", nom="Autre nom")

    assert (versions(), list(Releve.objects.order_by("pk").values())) == (avant, releves)
    assert (bilan.lieux_crees, bilan.lieux_modifies) == (0, 0)
    assert list(dits(bilan)) == [GARDES]


def test_a_try_says_the_same_and_writes_nothing() -> None:
    importer("a", "b", "c")
    avant, releves = versions(), list(Releve.objects.order_by("pk").values())

    essai = importer("a|b", "d", nom="Nouveau nom", essai=True)

    assert (versions(), list(Releve.objects.order_by("pk").values())) == (avant, releves)
    assert not Structure.objects.filter(id_externe="lieu:d").exists()
    vrai = importer("a|b", "d", nom="Nouveau nom")
    assert (essai.traite, essai.ecrit, vrai.ecrit) == (True, False, True)
    assert dits(essai) == dits(vrai)
    assert essai.lieux_crees == vrai.lieux_crees == 1


# --- What closed --------------------------------------------------------------------------------------------------


def test_a_place_that_left_is_closed_keeps_its_rendez_vous_and_is_reported() -> None:
    equipe = une_equipe_connue("parti")
    une_plage(equipe)
    un_rendez_vous(equipe, jours=2)
    un_rendez_vous(equipe, jours=3)
    un_rendez_vous(equipe, jours=-3)
    ajoute = LieuFactory(structure=equipe.structure)

    bilan = importer("a")

    assert dits(bilan) == {
        FERMES: ["parti, Salle numérique (Crest) : absent du fichier ; 2 rendez-vous à venir, 1 plage d'ouverture"]
    }
    assert etats() == {"parti": False, "a": True, None: True}
    assert RendezVous.objects.count() == 3
    assert ajoute.structure.plages.count() == 1


def test_without_being_told_the_file_is_whole_nothing_is_closed() -> None:
    importer("a", "b")
    assert importer("a", complet=False).changements == []
    assert etats() == {"a": True, "b": True}


def test_a_row_that_is_refused_does_not_close_its_place() -> None:
    importer("a", "b")
    bilan = importer_lieux(lignes=[*lignes("a"), *lignes("b", latitude="144", longitude="5")], complet=True)
    assert (bilan.lignes_refusees, bilan.changements) == (1, [])

    illisible = Ligne(numero=3, valeurs={}, erreur="trop de colonnes")
    bilan = importer_lieux(lignes=[*lignes("a"), illisible], complet=True)
    assert etats() == {"a": True, "b": True}
    assert "aucun lieu n'est fermé" in bilan.avertissements[-1].raison


def test_a_file_that_would_close_too_many_is_refused() -> None:
    importer(*(f"lieu-{n}" for n in range(30)))
    with pytest.raises(TropDeFermetures, match="fermerait 29 lieux"):
        importer("lieu-0", nom="Autre nom")
    assert set(etats().values()) == {True}
    assert not Lieu.objects.filter(nom="Autre nom").exists()

    importer_lieux(lignes=lignes("lieu-0"), complet=True, fermer_au_plus=29)

    assert list(etats().values()).count(False) == 29


def test_a_place_that_comes_back_is_open_again_unless_an_agent_had_closed_it() -> None:
    importer("a", "b", "c")
    ouvrir_ou_fermer(lieu=Lieu.objects.get(id_externe="b"), ouvert=False)
    importer("c")
    assert etats() == {"a": False, "b": False, "c": True}

    bilan = importer("a", "b", "c")

    assert etats() == {"a": True, "b": False, "c": True}
    assert dits(bilan) == {ROUVERTS: ["a, Médiathèque (Crest) : le fichier le connaît de nouveau"]}
    assert not Releve.objects.filter(retire_le__isnull=False).exists()


def test_a_place_that_an_agent_opens_again_is_not_closed_again() -> None:
    importer("a", "b")
    importer("a")
    ouvrir_ou_fermer(lieu=Lieu.objects.get(id_externe="b"), ouvert=True)

    assert importer("a").changements == []
    assert etats()["b"] is True


def test_a_place_that_left_is_off_the_map_and_says_so(client: Client) -> None:
    equipe = une_equipe_connue("parti")
    une_plage(equipe)
    publier(maintenant=timezone.now())
    importer("autre", commune="Die", code_postal="26150")
    publier(maintenant=timezone.now() + timedelta(minutes=10))

    fiche = client.get(f"/lieux/{equipe.lieu.pk}/rendez-vous/", follow=True)

    assert fiche.status_code == 410
    assert "ne propose plus d'aide numérique ici" in texte(fiche)
    assert "Salle numérique" not in texte(client.get("/carte/departement/26/"))
    flux = b"".join(client.get("/api/v1/lieux.json")).decode()
    assert '"id":"autre"' in flux
    assert '"id":"parti"' not in flux
    (bouton,) = boutons_de_la_structure(equipe.structure, timezone.now()).boutons
    assert bouton.raison.startswith("le fichier national ne connaît plus ce lieu")

    ouvrir_ou_fermer(lieu=equipe.lieu, ouvert=True)
    assert client.get(f"/lieux/{equipe.lieu.pk}/", follow=True).status_code == 200


# --- What merged --------------------------------------------------------------------------------------------------


def test_of_places_that_merge_the_busiest_stays() -> None:
    importer("a")
    equipe = une_equipe_connue("b")
    un_rendez_vous(equipe)

    bilan = importer("a|b", complet=False, nom="Maison du numérique")

    equipe.lieu.refresh_from_db()
    assert (equipe.lieu.id_externe, equipe.lieu.nom, equipe.lieu.ouvert) == ("a|b", "Maison du numérique", True)
    assert etats() == {"a": False, "a|b": True}
    assert dits(bilan)[REUNIS] == ["b, Salle numérique (Crest) : devient a|b"]
    assert dits(bilan)[FERMES] == [
        "a, Médiathèque (Crest) : réuni avec « Salle numérique » (Crest) ; 0 rendez-vous à venir, 0 plage d'ouverture"
    ]


def test_a_place_whose_identifier_gains_a_source_is_the_same() -> None:
    importer("abc")
    cle = Lieu.objects.get().pk
    importer("Coop-numérique_abc")
    assert list(Lieu.objects.values_list("pk", "id_externe")) == [(cle, "Coop-numérique_abc")]


# --- The command --------------------------------------------------------------------------------------------------


def test_the_command_shows_the_difference(tmp_path: Path) -> None:
    importer("a", "b")
    fichier = tmp_path / "lieux.csv"
    with fichier.open("w", newline="", encoding="utf-8") as flux:
        ecrivain = csv.DictWriter(flux, ["id", *BASE])
        ecrivain.writeheader()
        ecrivain.writerow({"id": "a", **BASE, "nom": "Nouveau nom"})

    def commande(*options: Any) -> str:
        sortie = io.StringIO()
        call_command("importer_lieux", str(fichier), *options, stdout=sortie)
        return sortie.getvalue()

    essai = commande("--essai", "--complet")
    assert "Essai : rien n'est écrit." in essai
    assert "Lieux modifiés : 1\n    a, Médiathèque (Crest) : nom « Médiathèque » → « Nouveau nom »" in essai
    assert "Lieux fermés : 1\n    b, Médiathèque (Crest) : absent du fichier" in essai
    assert etats() == {"a": True, "b": True}
    with pytest.raises(CommandError, match="fermerait 1 lieu : est-il bien entier"):
        commande("--complet", "--fermer-au-plus", "0")
    commande("--complet")
    assert etats() == {"a": True, "b": False}
