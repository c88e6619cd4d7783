"""Any CSV a spreadsheet may deliver is read; what is no CSV is one French sentence."""

import pytest

from cartographie.fichiers import Anomalie, FichierIllisible, lire_csv


def lire(contenu, obligatoires=("id", "nom"), connues=("id", "nom", "ville")):
    return lire_csv(contenu, obligatoires=obligatoires, connues=connues)


@pytest.mark.parametrize(
    "contenu",
    [
        "id,nom\n1,Crest é\n".encode(),
        "\ufeffid,nom\r\n1,Crest é\r\n".encode(),
        'id;nom\n1;"Crest é"\n'.encode(),
        "id\tnom\n1\tCrest é".encode(),
        '"id","nom"\n"1"," Crest é "\n\n,\n'.encode(),
    ],
    ids=["simple", "bom-crlf", "point-virgule", "tabulation", "guillemets-et-lignes-vides"],
)
def test_lire_csv_lit_ce_qu_un_tableur_enregistre(contenu):
    tableau = lire(contenu)

    assert [(ligne.numero, ligne.valeurs) for ligne in tableau.lignes] == [(2, {"id": "1", "nom": "Crest é"})]
    assert tableau.avertissements == []


def test_lire_csv_lit_windows_1252_et_le_dit():
    tableau = lire("id;nom\n1;Crest é\n".encode("cp1252"))

    assert tableau.lignes[0].valeurs["nom"] == "Crest é"
    assert [a.raison for a in tableau.avertissements] == ["le fichier n'est pas en UTF-8 ; il a été lu en Windows-1252"]


def test_lire_csv_numerote_les_lignes_comme_un_editeur():
    tableau = lire(b'id,nom\n1,"deux\nlignes"\n\n3,c\n4\n5,"e" f\n6,g\n')

    assert [(ligne.numero, ligne.erreur) for ligne in tableau.lignes] == [
        (2, ""),
        (5, ""),
        (6, "1 valeurs au lieu de 2"),
        (7, "guillemets mal placés, ou valeur trop longue"),
        (8, ""),
    ]


def test_lire_csv_signale_une_colonne_inconnue():
    tableau = lire(b"id,nom,extra\n1,a,b\n")

    assert [a.colonne for a in tableau.avertissements] == ["extra"]


@pytest.mark.parametrize(
    ("contenu", "phrase"),
    [
        (b"", "Ce fichier est vide."),
        (b"  \n", "Ce fichier est vide."),
        (b"PK\x03\x04xl/workbook", "fichier de tableur"),
        (b"id,nom\n1,\x00\n", "octets nuls"),
        (b"{}\n", "aucun séparateur"),
        (b"id,ville\n1,a\n", "Il manque une colonne obligatoire : nom."),
        (b"a,b\n", "Il manque des colonnes obligatoires : id, nom."),
        (b"id,nom,nom\n", "présente deux fois : nom"),
        (b'id,nom\n1,"a\n2,b\n', "Un guillemet ouvert à la ligne 2 n'est jamais fermé"),
        (b'"id"x,nom\n', "un guillemet y est mal fermé"),
    ],
)
def test_lire_csv_refuse_en_francais(contenu, phrase):
    with pytest.raises(FichierIllisible, match=phrase):
        lire(contenu)


def test_anomalie_dit_ou_et_pourquoi():
    anomalie = Anomalie(ligne=12, colonne="code_postal", raison="cinq chiffres sont attendus", valeur="2640")

    assert str(anomalie) == "ligne 12, colonne « code_postal » : cinq chiffres sont attendus (lu : « 2640 »)"
