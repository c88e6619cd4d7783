"""Filters, form fields and the agents' menu."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.base import Lexer, TokenType
from django.utils import timezone, translation
from lxml import html

from rdv.templatetags import rdv as filtres
from structures import dates

NEUF_HEURES_A_PARIS = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("valeur", "attendu"),
    [
        (timedelta(minutes=30), "30 minutes"),
        (60, "1 heure"),
        (90, "1 h 30"),
        (120, "2 heures"),
        (65, "1 h 05"),
        (1, "1 minute"),
    ],
)
def test_duree(valeur: timedelta | int, attendu: str) -> None:
    assert dates.duree(valeur) == attendu


@pytest.mark.parametrize(("valeur", "attendu"), [(time(9), "9 h"), (time(9, 30), "9 h 30"), (time(0, 5), "0 h 05")])
def test_heure(valeur: time, attendu: str) -> None:
    assert dates.heure(valeur) == attendu


def test_an_hour_is_kept_for_each_language() -> None:
    dites = []
    for langue in ("fr", "en", "fr"):
        with translation.override(langue):
            dites.append(dates.heure(time(9, 30)))

    assert dites == ["9 h 30", "9:30", "9 h 30"]


@pytest.mark.parametrize(
    ("jour", "attendu"),
    [
        (date(2026, 11, 24), "aujourd'hui"),
        (date(2026, 11, 25), "demain"),
        (date(2026, 12, 1), "mardi 1er décembre"),
        (date(2027, 1, 5), "mardi 5 janvier 2027"),
    ],
)
def test_jour_relatif(jour: date, attendu: str) -> None:
    assert dates.jour_relatif(jour, date(2026, 11, 24)) == attendu


def test_filtres_montrent_le_fuseau_actif() -> None:
    gabarit = Template("{% load rdv %}{{ t|date_longue }}, {{ t|heure }}")
    with timezone.override(ZoneInfo("Europe/Paris")):
        assert gabarit.render(Context({"t": NEUF_HEURES_A_PARIS})) == "mardi 24 novembre 2026, 9 h"
    with timezone.override(ZoneInfo("Indian/Reunion")):
        assert gabarit.render(Context({"t": NEUF_HEURES_A_PARIS})) == "mardi 24 novembre 2026, 12 h"
    with timezone.override(ZoneInfo("Pacific/Tahiti")):
        assert gabarit.render(Context({"t": NEUF_HEURES_A_PARIS})) == "lundi 23 novembre 2026, 22 h"


def test_filtres_sans_valeur_ne_disent_rien() -> None:
    gabarit = Template("{% load rdv %}[{{ t|date_longue }}{{ t|heure }}{{ t|duree }}{{ t|moment }}{{ t|liens }}]")
    assert gabarit.render(Context({"t": None})) == "[]"


@pytest.mark.parametrize("nom", ["de Paul", "d'Odile Bérard", "d'Émile", "d'Œdipe", "de Zoé", "de "])
def test_a_name_is_joined_as_french_joins_it(nom: str) -> None:
    gabarit = Template("{% load rdv %}{% autoescape off %}{{ nom|de }}{% endautoescape %}")
    assert gabarit.render(Context({"nom": re.sub("^d('|e )", "", nom)})) == nom


def test_liens_devient_un_lien_et_garde_les_lignes() -> None:
    assert filtres.liens("Remplir (https://exemple.fr/a?b=1&c=2).\r\nMerci") == (
        'Remplir (<a href="https://exemple.fr/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">'
        "https://exemple.fr/a?b=1&amp;c=2</a>).<br>Merci"
    )


@pytest.mark.parametrize(
    "texte",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        'https://exemple.fr/"onmouseover="alert(1)',
        "https://exemple.fr/'onmouseover='alert(1)",
        "https://exemple.fr/<script>alert(1)</script>",
        "javascript:alert(1)",
        "JaVaScRiPt://exemple.fr/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://a.fr/\nhttps://b.fr/&quot;><svg/onload=alert(1)>",
        "&lt;script&gt;",
    ],
)
def test_liens_ne_laisse_passer_aucun_balisage(texte: str) -> None:
    arbre = html.fragment_fromstring(str(filtres.liens(texte)), create_parent="div")
    assert {element.tag for element in arbre.iterdescendants()} <= {"a", "br"}
    for lien in arbre.iter("a"):
        assert set(lien.attrib) == {"href", "rel"}
        assert lien.attrib["href"].startswith(("http://", "https://"))
    # What was written is read again as it was: nothing lost, nothing unescaped.
    assert "".join(arbre.itertext()) == texte.replace("\n", "")


class _Formulaire(forms.Form):
    nom = forms.CharField(label="Nom", help_text="Tel qu'il <est>.")
    commentaire = forms.CharField(label="Commentaire", required=False, widget=forms.Textarea)
    genre = forms.ChoiceField(
        label="Type", choices=[("a", "Sur place"), ("b", "Par téléphone")], widget=forms.RadioSelect
    )
    motifs = forms.MultipleChoiceField(label="Motifs", choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)
    delai = forms.ChoiceField(label="Délai", choices=[("1", "1 heure")])
    accepte = forms.BooleanField(label="J'accepte")
    cache = forms.CharField(widget=forms.HiddenInput)


def _champ(formulaire: forms.Form, nom: str) -> html.HtmlElement:
    return html.fragment_fromstring(str(formulaire[nom].as_field_group()).split("-->")[-1], create_parent="div")


def test_champ_lie_libelle_aide_et_erreur_a_la_saisie() -> None:
    champ = _champ(_Formulaire({}), "nom")
    saisie = champ.xpath(".//input")[0]
    assert saisie.attrib["aria-invalid"] == "true"
    assert saisie.attrib["aria-describedby"].split() == ["id_nom_helptext", "id_nom_error"]
    assert saisie.attrib["class"] == "fr-input fr-input--error"
    assert champ.xpath(".//label/@for") == ["id_nom"]
    assert champ.xpath("string(.//*[@id='id_nom_helptext'])") == "Tel qu'il <est>."
    assert champ.xpath("string(.//*[@id='id_nom_error'])").strip() == "Ce champ est obligatoire."


def test_champ_sans_erreur_ne_decrit_que_l_aide() -> None:
    champ = _champ(_Formulaire(), "nom")
    assert champ.xpath(".//input/@aria-describedby") == ["id_nom_helptext"]
    assert champ.xpath(".//*[@id='id_nom_error']") == []
    assert "facultatif" not in champ.text_content()


def test_champ_facultatif_est_dit() -> None:
    assert "(facultatif)" in _champ(_Formulaire(), "commentaire").xpath("string(.//label)")


@pytest.mark.parametrize(
    ("nom", "groupe", "nombre"), [("genre", "fr-radio-group", 2), ("motifs", "fr-checkbox-group", 1)]
)
def test_choix_dans_un_groupe_avec_legende(nom: str, groupe: str, nombre: int) -> None:
    champ = _champ(_Formulaire({}), nom)
    cadre = champ.xpath(".//fieldset")[0]
    assert cadre.attrib["id"] == f"id_{nom}"
    assert cadre.attrib["aria-describedby"] == f"id_{nom}_error"
    assert len(champ.xpath(f".//*[@class='{groupe}']/input/following-sibling::label")) == nombre


def test_formulaire_entier_commence_par_le_resume_des_erreurs() -> None:
    arbre = html.fragment_fromstring(str(_Formulaire({"cache": ""})), create_parent="div")
    resume = arbre.xpath(".//*[@role='alert']")[0]
    assert resume.xpath(".//a/@href") == ["#id_nom", "#id_genre", "#id_motifs", "#id_delai", "#id_accepte"]
    for ancre in resume.xpath(".//a/@href"):
        assert len(arbre.xpath(f".//*[@id='{ancre[1:]}']")) == 1
    assert len(arbre.xpath(".//input[@type='hidden'][@name='cache']")) == 1


def test_formulaire_sans_erreur_n_a_pas_de_resume() -> None:
    assert 'role="alert"' not in str(_Formulaire())


# --- French typography ----------------------------------------------------------------------------------------------

# A line never ends before these signs: "&nbsp;" in templates, the character itself in Python.
ESPACE_QUI_COUPE = re.compile(r" (?=[:;?!](?:[\s<>\"'(){}«]|$)|»)|« ")
# Read in a terminal or by other programs, not on our pages.
HORS_DES_PAGES = re.compile(
    r"/(management|banc)/|/cartographie/(bilan|donnees_nationales|fichiers|invitations|services|standard)\.py"
    r"|/rdv/postgres_embarque\.py|/reservations/course\.py|/courrier/(octopush|sms)\.py"
)
APPLICATIONS = ("rdv", "structures", "motifs", "plages", "reservations", "cartographie")


def _textes_du_gabarit(chemin: Path) -> Iterator[str]:
    en_commentaire = False
    for jeton in Lexer(chemin.read_text(encoding="utf-8")).tokenize():
        if jeton.token_type == TokenType.BLOCK and jeton.contents.split()[0] in {"comment", "endcomment"}:
            en_commentaire = jeton.contents.split()[0] == "comment"
        elif jeton.token_type == TokenType.TEXT and not en_commentaire:
            yield jeton.contents
        elif jeton.token_type in {TokenType.BLOCK, TokenType.VAR} and not en_commentaire:
            yield from re.findall(r'"[^"]*"', jeton.contents)


def _textes_du_code(chemin: Path) -> Iterator[str]:
    """Neither docstrings nor what is logged."""
    a_lire: list[ast.AST] = [ast.parse(chemin.read_text(encoding="utf-8"))]
    while a_lire:
        noeud = a_lire.pop()
        if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str):
            yield noeud.value
        journal = isinstance(noeud, ast.Call) and ast.unparse(noeud.func).startswith("journal.")
        docstring = isinstance(noeud, ast.Expr) and isinstance(noeud.value, ast.Constant)
        a_lire += [] if journal or docstring else ast.iter_child_nodes(noeud)


def test_no_line_can_end_before_a_french_punctuation_mark() -> None:
    racine = settings.BASE_DIR
    codes = [chemin for nom in APPLICATIONS for chemin in (racine / nom).rglob("*.py")]
    textes = [(c, texte) for c in (racine / "templates").rglob("*.html") for texte in _textes_du_gabarit(c)]
    textes += [(c, texte) for c in codes if not HORS_DES_PAGES.search(c.as_posix()) for texte in _textes_du_code(c)]
    assert [(str(chemin), texte) for chemin, texte in textes if ESPACE_QUI_COUPE.search(texte)] == []
    assert len(textes) > 5000
