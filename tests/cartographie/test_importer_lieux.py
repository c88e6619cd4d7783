"""The import of places: what is written, what is refused, and that a second run writes nothing."""

import csv
import io
from datetime import date, time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cartographie.fichiers import Ligne
from cartographie.services import importer_lieux
from cartographie.standard import COLONNES, Rattachement
from plages.models import PlageOuverture
from plages.services import enregistrer_plage
from structures.models import Lieu, Plateforme, Structure
from tests.factories import AgentFactory

DONNEES = Path(__file__).parents[1] / "donnees"
LIEUX, STRUCTURES = DONNEES / "lieux.csv", DONNEES / "structures.csv"
BASE = {
    "pivot": "00000000000000",
    "nom": "Médiathèque",
    "commune": "Crest",
    "code_postal": "26400",
    "adresse": "1 rue de la République",
    "date_maj": "2026-01-15",
}

pytestmark = pytest.mark.django_db


def ligne(numero, **valeurs):
    return Ligne(numero=numero, valeurs={"id": f"lieu-{numero}", **BASE, **valeurs})


def importer(*options, fichier=LIEUX):
    """Run the command and return what it prints."""
    sortie = io.StringIO()
    call_command("importer_lieux", str(fichier), *options, stdout=sortie)
    return sortie.getvalue()


def versions():
    """The transaction that wrote each row, as PostgreSQL knows it: any write at all changes it."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT 'lieu', id, xmin::text, ctid::text FROM structures_lieu "
            "UNION ALL SELECT 'structure', id, xmin::text, ctid::text FROM structures_structure ORDER BY 1, 2"
        )
        return curseur.fetchall()


def test_importer_charge_les_bonnes_lignes_et_refuse_les_autres():
    sortie = importer("--structures", str(STRUCTURES))

    assert "Lignes lues : 10\nLieux chargés : 6\n  6 créés, 0 modifiés, 0 déjà à jour" in sortie
    assert "Structures : 4, dont 4 créées" in sortie
    assert "Lignes refusées : 4" in sortie
    assert "ligne 8, colonne « adresse » : valeur obligatoire absente" in sortie
    assert "ligne 9, colonne « code_postal » : cinq chiffres sont attendus (lu : « 2640 »)" in sortie
    assert "ligne 10, colonne « latitude » : la latitude va de -90 à 90 (lu : « 144.72 »)" in sortie
    assert (
        "ligne 11, colonne « id » : cet identifiant est déjà celui d'une ligne précédente (lu : « lieu-1 »)" in sortie
    )
    assert "5 trouvés, 1 introuvables" in sortie
    assert Lieu.objects.count() == 6


def test_importer_ecrit_un_lieu_complet():
    importer("--structures", str(STRUCTURES))

    lieu = Lieu.objects.select_related("structure").get(id_externe="lieu-1")
    assert lieu.adresse_complete == "1 rue de la République, 26400 CREST"
    assert (lieu.code_insee, lieu.latitude, lieu.longitude) == ("26108", 44.7289, 5.0222)
    assert lieu.telephone.as_e164 == "+33475250000"
    assert lieu.ouvert
    assert lieu.fiche == {
        "pivot": "00000000000000",
        "horaires": "Mo-Fr 09:00-12:00",
        "source": "tests",
        "date_maj": "2026-01-15",
        "services": ["Maîtrise des outils numériques du quotidien", "Utilisation sécurisée du numérique"],
        "frais_a_charge": ["Gratuit"],
        "nombre_aidants": 2,
    }


def test_importer_situe_les_structures():
    importer("--structures", str(STRUCTURES))

    assert set(Structure.objects.values_list("id_externe", "nom", "departement", "fuseau", "plateforme")) == {
        # The place with a real SIRET names the structure.
        ("structure-a", "Mairie annexe", "26", "Europe/Paris", Plateforme.AIDE_NUMERIQUE),
        ("structure-b", "France Services", "974", "Indian/Reunion", Plateforme.AIDE_NUMERIQUE),
        ("structure-c", "Espace numérique", "13", "Europe/Paris", Plateforme.AIDE_NUMERIQUE),
        ("structure-d", "Maison du numérique", "2A", "Europe/Paris", Plateforme.AIDE_NUMERIQUE),
    }


def test_importer_n_ecrit_jamais_de_lien_dangereux():
    importer("--structures", str(STRUCTURES))

    fiche = Lieu.objects.get(id_externe="lieu-4").fiche
    assert "site_web" not in fiche
    assert fiche["courriels"] == ["contact@exemple.fr"]
    assert fiche["prise_rdv"] == "https://exemple.fr/rdv"


@pytest.mark.parametrize("options", [("--structures", str(STRUCTURES)), ()])
def test_importer_deux_fois_n_ecrit_rien_la_seconde(options):
    importer(*options)
    avant = versions()

    sortie = importer(*options)

    assert "0 créés, 0 modifiés, 6 déjà à jour" in sortie
    assert "dont 0 créées" in sortie
    assert versions() == avant


def test_importer_sans_structures_apres_avec_n_ecrit_rien():
    importer("--structures", str(STRUCTURES))
    avant = versions()

    importer()

    assert versions() == avant


def test_importer_sans_structures_regroupe_par_siret():
    importer_lieux(
        lignes=[
            ligne(2, pivot="21260011100018"),
            ligne(3, pivot="21260011100018"),
            ligne(4),
            ligne(5),
        ]
    )

    assert set(Structure.objects.values_list("id_externe", flat=True)) == {
        "pivot:21260011100018",
        "lieu:lieu-4",
        "lieu:lieu-5",
    }


def test_importer_strict_n_ecrit_rien_si_une_ligne_est_refusee():
    with pytest.raises(CommandError, match="Rien n'a été écrit"):
        importer("--structures", str(STRUCTURES), "--strict")

    assert not Lieu.objects.exists()
    assert not Structure.objects.exists()


def test_importer_strict_accepte_un_fichier_sans_refus():
    bilan = importer_lieux(lignes=[ligne(2, telephone="12")], strict=True)

    assert (bilan.ecrit, bilan.lieux_crees, len(bilan.avertissements)) == (True, 1, 1)


def test_importer_met_a_jour_ce_qui_a_change_et_rien_d_autre():
    importer_lieux(lignes=[ligne(2), ligne(3)])
    Lieu.objects.filter(id_externe="lieu-2").update(ouvert=False)
    Structure.objects.filter(id_externe="lieu:lieu-2").update(nom="Renommée", fuseau="Indian/Reunion")
    liens = set(Structure.objects.values_list("pk", "lien"))

    bilan = importer_lieux(lignes=[ligne(2, nom="Nouvelle médiathèque"), ligne(3)])

    assert (bilan.lieux_crees, bilan.lieux_modifies, bilan.lieux_inchanges) == (0, 1, 1)
    lieu = Lieu.objects.select_related("structure").get(id_externe="lieu-2")
    assert (lieu.nom, lieu.ouvert) == ("Nouvelle médiathèque", False)
    assert (lieu.structure.nom, lieu.structure.fuseau) == ("Renommée", "Indian/Reunion")
    assert set(Structure.objects.values_list("pk", "lien")) == liens


def test_importer_change_un_lieu_de_structure_sauf_s_il_a_des_plages():
    def rattacher(structure):
        return {f"lieu-{n}": Rattachement(id_structure=structure) for n in (2, 3)}

    importer_lieux(lignes=[ligne(2), ligne(3)], structures=rattacher("avant"))
    occupe = Lieu.objects.get(id_externe="lieu-2")
    enregistrer_plage(
        plage=PlageOuverture(
            structure=occupe.structure,
            agent=AgentFactory(),
            lieu=occupe,
            titre="Permanence",
            premier_jour=date(2026, 3, 2),
            heure_debut=time(9),
            heure_fin=time(12),
        ),
        motifs=[],
        maintenant=timezone.now(),
    )

    bilan = importer_lieux(lignes=[ligne(2), ligne(3)], structures=rattacher("apres"))

    assert dict(Lieu.objects.values_list("id_externe", "structure__id_externe")) == {
        "lieu-2": "avant",
        "lieu-3": "apres",
    }
    assert bilan.lieux_modifies == 1
    assert "il reste où il est" in bilan.avertissements[0].raison


def test_importer_laisse_de_cote_des_coordonnees_qui_contredisent_l_adresse():
    bilan = importer_lieux(lignes=[ligne(2, latitude="49.65", longitude="2.58")])

    lieu = Lieu.objects.get()
    assert (lieu.latitude, lieu.longitude, lieu.code_insee) == (None, None, "26108")
    assert [a.valeur for a in bilan.avertissements] == ["Crest, à 577 km"]


def test_importer_garde_le_code_insee_du_fichier():
    bilan = importer_lieux(lignes=[ligne(2, code_insee="26011")])

    assert Lieu.objects.get().code_insee == "26011"
    assert bilan.insee == {"donné par le fichier": 1}


@pytest.mark.parametrize(
    ("contenu", "phrase"),
    [
        (b"id,nom\n1,a\n", "lieux.csv : Il manque des colonnes obligatoires : pivot, commune, code_postal"),
        (b"PK\x03\x04", "lieux.csv : C'est un fichier de tableur"),
        (b"", "lieux.csv : Ce fichier est vide."),
    ],
)
def test_importer_refuse_un_mauvais_fichier_en_francais(tmp_path, contenu, phrase):
    fichier = tmp_path / "lieux.csv"
    fichier.write_bytes(contenu)

    with pytest.raises(CommandError, match=phrase):
        importer(fichier=fichier)


def test_importer_refuse_un_fichier_absent(tmp_path):
    with pytest.raises(CommandError, match="ne peut pas être lu"):
        importer(fichier=tmp_path / "rien.csv")


@pytest.mark.lent
def test_importer_1500_lieux_en_peu_de_requetes(tmp_path, django_assert_max_num_queries):
    fichier = tmp_path / "lieux.csv"
    with fichier.open("w", newline="", encoding="utf-8-sig") as flux:
        ecrivain = csv.DictWriter(flux, COLONNES, delimiter=";", restval="")
        ecrivain.writeheader()
        ecrivain.writerows({"id": f"lieu-{n}", **BASE, "nom": f"Lieu {n}"} for n in range(1500))

    with django_assert_max_num_queries(40):
        importer(fichier=fichier)
    avant = versions()
    with django_assert_max_num_queries(6):
        sortie = importer(fichier=fichier)

    assert "0 créés, 0 modifiés, 1500 déjà à jour" in sortie
    assert versions() == avant
