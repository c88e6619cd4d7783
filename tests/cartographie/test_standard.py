"""One row of the national standard: what refuses it, what is left out, what is kept."""

import pytest

from cartographie.fichiers import Ligne
from cartographie.standard import COLONNES, OBLIGATOIRES, Rattachement, analyser, analyser_rattachements

BASE = {
    "id": "lieu-1",
    "pivot": "00000000000000",
    "nom": "Médiathèque",
    "commune": "Crest",
    "code_postal": "26400",
    "adresse": "1 rue de la République",
    "date_maj": "2026-01-15",
}


def ligne(**valeurs):
    return Ligne(numero=7, valeurs={**BASE, **valeurs})


def test_le_standard_a_32_colonnes():
    assert len(COLONNES) == len(set(COLONNES)) == 32


def test_analyser_lit_un_lieu_minimal():
    analyse = analyser(ligne())

    assert (analyse.refus, analyse.avertissements) == ([], [])
    assert (analyse.lieu.id, analyse.lieu.ligne, analyse.lieu.a_un_pivot) == ("lieu-1", 7, False)
    assert analyse.lieu.fiche == {"pivot": "00000000000000", "date_maj": "2026-01-15"}


@pytest.mark.parametrize("colonne", OBLIGATOIRES)
def test_analyser_refuse_une_valeur_obligatoire_absente(colonne):
    analyse = analyser(ligne(**{colonne: ""}))

    assert analyse.lieu is None
    assert [str(refus) for refus in analyse.refus] == [f"ligne 7, colonne « {colonne} » : valeur obligatoire absente"]


@pytest.mark.parametrize(
    ("colonne", "valeur", "raison"),
    [
        ("code_postal", "2640", "cinq chiffres sont attendus"),
        ("code_postal", "26 400", "cinq chiffres sont attendus"),
        ("code_postal", "٢٦٤٠٠", "cinq chiffres sont attendus"),
        ("pivot", "123", "9 à 14 chiffres ou lettres sont attendus (SIRET, RNA ou RIDET)"),
        ("nom", "a" * 251, "plus de 250 caractères"),
        ("id", "a" * 91, "plus de 90 caractères"),
        ("date_maj", "15/01/2026", "une date AAAA-MM-JJ est attendue"),
        ("date_maj", "2026-02-30", "cette date n'existe pas"),
    ],
)
def test_analyser_refuse_une_valeur_obligatoire_mal_formee(colonne, valeur, raison):
    analyse = analyser(ligne(**{colonne: valeur}))

    assert analyse.lieu is None
    assert [(r.ligne, r.colonne, r.raison, r.valeur) for r in analyse.refus] == [(7, colonne, raison, valeur)]


@pytest.mark.parametrize(
    ("latitude", "longitude", "colonne"),
    [
        ("91", "5", "latitude"),
        ("44", "-181", "longitude"),
        ("nan", "5", "latitude"),
        ("nord", "5", "latitude"),
        ("44", "", "longitude"),
        ("", "5", "latitude"),
    ],
)
def test_analyser_refuse_des_coordonnees_impossibles(latitude, longitude, colonne):
    analyse = analyser(ligne(latitude=latitude, longitude=longitude))

    assert analyse.lieu is None
    assert [refus.colonne for refus in analyse.refus] == [colonne]


def test_analyser_donne_toutes_les_raisons_d_un_refus():
    analyse = analyser(ligne(nom="", code_postal="abc", latitude="200", longitude="5"))

    assert {refus.colonne for refus in analyse.refus} == {"nom", "code_postal", "latitude"}


def test_analyser_refuse_une_ligne_mal_coupee():
    analyse = analyser(Ligne(numero=3, valeurs={}, erreur="31 valeurs au lieu de 32"))

    assert [str(refus) for refus in analyse.refus] == ["ligne 3 : 31 valeurs au lieu de 32"]


def test_analyser_accepte_la_virgule_decimale():
    assert analyser(ligne(latitude="44,7289", longitude="5,0222")).lieu.position == (44.7289, 5.0222)


@pytest.mark.parametrize(
    ("colonne", "valeur"),
    [
        ("telephone", "12"),
        ("code_insee", "ABC"),
        ("prise_rdv", "javascript:alert(1)"),
        ("fiche_acces_libre", "www.exemple.fr"),
        ("site_web", "pas une adresse"),
        ("courriels", "contact"),
        ("services", "Faire le café"),
        ("complement_adresse", "a" * 301),
    ],
)
def test_analyser_laisse_de_cote_une_valeur_facultative_mal_formee(colonne, valeur):
    analyse = analyser(ligne(**{colonne: valeur}))

    assert [a.colonne for a in analyse.avertissements] == [colonne]
    assert colonne not in analyse.lieu.fiche
    assert getattr(analyse.lieu, colonne, "") == ""


def test_analyser_garde_les_bons_elements_d_une_liste():
    analyse = analyser(ligne(courriels="a@exemple.fr| faux |a@exemple.fr|b@exemple.fr", itinerance="Fixe"))

    assert analyse.lieu.fiche["courriels"] == ["a@exemple.fr", "b@exemple.fr"]
    assert analyse.lieu.fiche["itinerance"] == ["Fixe"]
    assert [a.valeur for a in analyse.avertissements] == ["faux"]


def test_analyser_garde_un_resume_trop_long():
    analyse = analyser(ligne(presentation_resume="a" * 281))

    assert len(analyse.lieu.fiche["presentation_resume"]) == 281
    assert [a.colonne for a in analyse.avertissements] == ["presentation_resume"]


@pytest.mark.parametrize(
    ("valeur", "code_postal", "attendu", "remarques"),
    [
        ("+33475250000", "26400", "+33475250000", 0),
        ("04 75 25 00 00", "26400", "+33475250000", 0),
        ("0262450000", "97460", "+262262450000", 0),
        ("+262262450000", "97460", "+262262450000", 0),
        ("+269269610000", "97600", "+262269610000", 1),
        ("+33262450000", "97460", "+262262450000", 1),
        ("+33475250000", "97460", "+33475250000", 0),
        # Two numbers in one cell, or a figure too many: the last nine digits are a number, perhaps somebody's.
        ("04 75 25 00 00 / 06 12 34 56 78", "26400", "", 1),
        ("0475250000123", "26400", "", 1),
    ],
)
def test_analyser_lit_les_telephones(valeur, code_postal, attendu, remarques):
    analyse = analyser(ligne(telephone=valeur, code_postal=code_postal))

    assert analyse.lieu.telephone == attendu
    assert len(analyse.avertissements) == remarques


def test_analyser_rattachements():
    lignes = [
        Ligne(numero=2, valeurs={"id_lieu": "l1", "id_structure": "s1", "nombre_aidants": "3"}),
        Ligne(numero=3, valeurs={"id_lieu": "l1", "id_structure": "s2"}),
        Ligne(numero=4, valeurs={"id_lieu": "", "id_structure": "s2"}),
        Ligne(numero=5, valeurs={"id_lieu": "l2", "id_structure": "s2", "nombre_aidants": "deux"}),
        Ligne(numero=6, valeurs={}, erreur="1 valeurs au lieu de 3"),
    ]

    rattachements, refus, avertissements = analyser_rattachements(lignes)

    assert rattachements == {
        "l1": Rattachement(id_structure="s1", nombre_aidants=3),
        "l2": Rattachement(id_structure="s2"),
    }
    assert [(a.ligne, a.colonne) for a in refus] == [(3, "id_lieu"), (4, "id_lieu"), (6, "")]
    assert [str(a) for a in avertissements] == [
        "structures, ligne 5, colonne « nombre_aidants » : un nombre entier est attendu (lu : « deux »)"
    ]
