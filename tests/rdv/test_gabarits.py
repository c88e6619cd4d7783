"""Filters, form fields and the agents' menu."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone
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
