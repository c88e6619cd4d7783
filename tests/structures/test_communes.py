"""The commune of a postcode and a name as typed: one table per step, on the communes delivered with the application."""

import pytest

from structures.communes import (
    Annuaire,
    Commune,
    Methode,
    annuaire_national,
    departement_du_code_postal,
    distance_km,
    normaliser,
)


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("L’Haÿ-les-Roses", "HAY LES ROSES"),
        ("L'HAY LES ROSES", "HAY LES ROSES"),
        ("ST ETIENNE CEDEX 2", "SAINT ETIENNE"),
        ("Ste-Maxime", "SAINTE MAXIME"),
        ("MANS (LE)", "MANS"),
        ("Le Mans", "MANS"),
        ("LYON 3E", "LYON"),
        ("Paris 1er Arrondissement", "PARIS"),
        ("MARSEILLE 11", "MARSEILLE"),
        ("Bourg-lès-Valence", "BOURG LES VALENCE"),
        ("Livron s/ Drôme", "LIVRON SUR DROME"),
        ("Œuilly", "OEUILLY"),
        ("  crest ", "CREST"),
        ("Les", "LES"),
        ("62300", ""),
    ],
)
def test_normaliser(nom, attendu):
    assert normaliser(nom) == attendu


@pytest.mark.parametrize(
    ("code_postal", "nom", "code_insee", "methode"),
    [
        ("26400", "CREST", "26108", Methode.EXACTE),
        ("26400", "Aouste sur Sye", "26011", Methode.EXACTE),
        ("13011", "MARSEILLE 11", "13055", Methode.EXACTE),
        ("75012", "PARIS 12", "75056", Methode.EXACTE),
        ("75116", "Paris", "75056", Methode.EXACTE),
        ("69003", "LYON 3E", "69123", Methode.EXACTE),
        ("97460", "St Paul", "97415", Methode.EXACTE),
        ("20000", "Ajaccio", "2A004", Methode.EXACTE),
        ("20200", "BASTIA", "2B033", Methode.EXACTE),
        ("97133", "Saint-Barthélemy", "97701", Methode.EXACTE),
        ("01380", "Bâgé la Ville", "01025", Methode.ANCIENNE),
        ("14240", "CAUMONT L'ÉVENTÉ", "14143", Methode.ANCIENNE),
        ("85210", "SAINTE-HERMINE", "85223", Methode.ANCIENNE),
        ("54042", "NANCY CEDEX", "54395", Methode.DEPARTEMENT),
        ("26720", "Loriol-sur-Drôme", "26166", Methode.DEPARTEMENT),
        ("19100", "Brive", "19031", Methode.APPROCHEE),
        ("18000", "BOUIRGES", "18033", Methode.APPROCHEE),
        ("93400", "Saint-Ouen", "93070", Methode.APPROCHEE),
        ("92360", "MEUDON LA FORET", "92048", Methode.APPROCHEE),
        ("97411", "BOIS DE NÈFLES SAINT-PAUL", "97415", Methode.APPROCHEE),
        ("59240", "ROSENDAEL", "59183", Methode.CODE_POSTAL),
    ],
)
def test_trouver(code_postal, nom, code_insee, methode):
    trouvaille = annuaire_national().trouver(code_postal, nom)

    assert (trouvaille.commune.code_insee, trouvaille.methode) == (code_insee, methode)


@pytest.mark.parametrize(
    ("code_postal", "nom"),
    [
        ("26400", "Lieu-dit perdu"),
        ("62300", "62300"),
        ("00000", "Nulle part"),
        ("26400", ""),
        ("85210", "EN"),
    ],
)
def test_trouver_rien_plutot_qu_une_commune_incertaine(code_postal, nom):
    assert annuaire_national().trouver(code_postal, nom) is None


def test_trouver_suit_les_coordonnees_quand_le_code_postal_est_d_un_autre_departement():
    sarralbe = (48.9997, 7.0269)

    trouvaille = annuaire_national().trouver("54430", "SARRALBE", position=sarralbe)

    assert (trouvaille.commune.nom, trouvaille.methode) == ("Sarralbe", Methode.COORDONNEES)


def test_trouver_n_accepte_pas_la_seule_commune_du_code_postal_quand_le_lieu_est_ailleurs():
    paris = (48.85, 2.35)

    assert annuaire_national().trouver("54430", "Nom inconnu") is not None
    assert annuaire_national().trouver("54430", "Nom inconnu", position=paris) is None


def test_trouver_departage_deux_communes_par_leur_article():
    annuaire = Annuaire([Commune("99001", "Le Mas", ("99000",)), Commune("99002", "Mas", ("99000",))])

    assert annuaire.trouver("99000", "LE MAS").commune.code_insee == "99001"
    assert annuaire.trouver("99000", "mas").commune.code_insee == "99002"


@pytest.mark.parametrize(
    ("code_postal", "departement"),
    [
        ("26400", "26"),
        ("01000", "01"),
        ("20000", "2A"),
        ("20137", "2A"),
        ("20200", "2B"),
        ("20600", "2B"),
        ("97411", "974"),
        ("97133", "977"),
        ("97150", "978"),
        ("98800", "988"),
    ],
)
def test_departement_du_code_postal(code_postal, departement):
    assert departement_du_code_postal(code_postal) == departement


def test_distance():
    crest = annuaire_national().par_code["26108"]

    assert distance_km((45.764, 4.8357), crest) == pytest.approx(116, abs=3)
    assert distance_km((0, 0), Commune("97502", "Saint-Pierre", ("97500",))) is None
