"""The translation files say everything that the learner's pages say, and no page says a word outside of them."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.template.base import Lexer, Node, TokenType
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.test import Client
from lxml import html

RACINE = settings.BASE_DIR
LANGUES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
APPLICATIONS = ("rdv", "structures", "motifs", "plages", "reservations", "cartographie")
FONCTIONS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2, "gettext_noop": 1}
GABARITS = RACINE / "templates"
# What a learner may read. The agents' pages, the legal ones and the map are in French only.
DE_L_APPRENANT = sorted(
    {
        *GABARITS.glob("reservations/*.html"),
        *GABARITS.glob("reservations/parcours/*.html"),
        *GABARITS.glob("reservations/attente/*.html"),
        *(GABARITS / "composants" / f"{nom}.html" for nom in ("bandeau_demonstration", "champ", "champ_erreurs")),
        *(GABARITS / "composants" / f"{nom}.html" for nom in ("champ_libelle", "erreurs", "messages", "pied")),
        *(GABARITS / f"{nom}.html" for nom in ("base", "400", "403", "403_csrf", "404", "500", "rdv/accueil")),
    }
)
ATTRIBUTS_LUS = ("title", "alt", "aria-label", "placeholder", "data-annonce")
SANS_LANGUE = {"RDV Aide Numérique", "République", "Française"}
Cle = tuple[str, str]  # context, msgid


def _po(chemin: Path) -> dict[Cle, tuple[str, ...]]:
    """Return the messages of a .po, in the form that `msgfmt` reads."""
    messages: dict[Cle, tuple[str, ...]] = {}
    for bloc in re.split(r"\n\s*\n", chemin.read_text(encoding="utf-8")):
        parties: dict[str, str] = {}
        nom = ""
        for ligne in bloc.splitlines():
            if trouve := re.fullmatch(r'(msg\w+(?:\[\d\])?) (".*")', ligne):
                nom, ligne = trouve.groups()
            if ligne.startswith('"'):
                parties[nom] = parties.get(nom, "") + ast.literal_eval(ligne)
        assert "fuzzy" not in bloc, bloc
        if "msgid" in parties:
            cle = (parties.get("msgctxt", ""), parties["msgid"])
            messages[cle] = tuple(texte for nom, texte in sorted(parties.items()) if nom.startswith("msgstr"))
    return messages


def _mo(chemin: Path) -> dict[Cle, tuple[str, ...]]:
    with chemin.open("rb") as fichier:
        catalogue = gettext.GNUTranslations(fichier)._catalog  # type: ignore[attr-defined]
    messages: dict[Cle, list[str]] = {}
    for cle, texte in catalogue.items():
        msgid = cle[0] if isinstance(cle, tuple) else cle
        contexte, _, reste = msgid.rpartition("\x04")
        messages.setdefault((contexte, reste), []).append(texte)
    return {cle: tuple(textes) for cle, textes in messages.items()}


def _messages_du_code() -> Iterator[tuple[Cle, str]]:
    for application in APPLICATIONS:
        for chemin in (RACINE / application).rglob("*.py"):
            for noeud in ast.walk(ast.parse(chemin.read_text(encoding="utf-8"))):
                if isinstance(noeud, ast.JoinedStr):
                    appels = [n.func for n in ast.walk(noeud) if isinstance(n, ast.Call)]
                    perdus = [appel.id for appel in appels if getattr(appel, "id", "") in FONCTIONS]
                    assert perdus == [], f"{chemin}:{noeud.lineno}: makemessages does not read f-strings"
                nom = getattr(noeud.func, "id", "") if isinstance(noeud, ast.Call) else ""
                for argument in noeud.args[: FONCTIONS[nom]] if nom in FONCTIONS else ():
                    assert isinstance(argument, ast.Constant), f"{chemin}:{argument.lineno}: not a literal"
                    yield ("", argument.value), str(chemin)
                    break  # the plural goes with its singular


def _messages_du_gabarit(chemin: Path) -> Iterator[Cle]:
    gabarit = engines["django"].from_string(chemin.read_text(encoding="utf-8")).template
    for noeud in gabarit.nodelist.get_nodes_by_type(Node):
        if isinstance(noeud, BlockTranslateNode):
            yield "", noeud.render_token_list(noeud.singular)[0]
        elif isinstance(noeud, TranslateNode):
            contexte = noeud.message_context.var if noeud.message_context else ""
            yield str(contexte), str(noeud.filter_expression.var.literal).replace("%", "%%")
    # `_("…")`, given to a tag or to a filter.
    yield from (("", texte) for texte in re.findall(r'_\("([^"]+)"\)', chemin.read_text(encoding="utf-8")))


def _messages_des_sources() -> dict[Cle, str]:
    trouves = dict(_messages_du_code())
    for chemin in GABARITS.rglob("*.html"):
        trouves |= dict.fromkeys(_messages_du_gabarit(chemin), str(chemin))
    return trouves


@pytest.fixture(params=LANGUES)
def dossier(request: pytest.FixtureRequest) -> Path:
    return RACINE / "locale" / request.param / "LC_MESSAGES"


def test_every_message_is_translated_and_none_is_left_over(dossier: Path) -> None:
    traduits, sources = _po(dossier / "django.po"), _messages_des_sources()
    assert {cle: ou for cle, ou in sources.items() if cle not in traduits} == {}, "to add: see README, Languages"
    assert set(traduits) - set(sources) - {("", "")} == set()
    assert [cle for cle, textes in traduits.items() if not all(textes)] == []


def test_translations_have_the_places_of_their_message(dossier: Path) -> None:
    def places(texte: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)\d*\w|<[^>]+>", texte))

    messages = {cle: textes for cle, textes in _po(dossier / "django.po").items() if cle[1]}
    faux = {cle: t for cle, textes in messages.items() for t in textes if places(t) != places(cle[1])}
    assert {cle: t for cle, t in faux.items() if "%(minute)02d" not in cle[1] and "%(minutes)02d" not in cle[1]} == {}


def test_the_compiled_file_is_that_of_the_messages(dossier: Path) -> None:
    compiles, ecrits = _mo(dossier / "django.mo"), _po(dossier / "django.po")
    entete = ("", "")  # `msgfmt` leaves out the date of the day
    assert "charset=UTF-8" in compiles.pop(entete)[0]
    assert compiles == {cle: textes for cle, textes in ecrits.items() if cle != entete}


def test_the_file_names_no_machine_and_nobody(dossier: Path) -> None:
    texte = (dossier / "django.po").read_text(encoding="utf-8")
    assert not re.search(r"^#[:.]|EMAIL@|@(?!exemple)|/home|/tmp|/work", texte, re.MULTILINE)


@pytest.mark.parametrize("chemin", DE_L_APPRENANT, ids=lambda chemin: str(chemin.relative_to(GABARITS)))
def test_a_learner_s_page_has_no_word_outside_the_translations(chemin: Path) -> None:
    """What is left of a template without its tags is read as HTML: no text, no attribute that is read aloud."""
    reste, dans_un_bloc, mots = [], False, []
    for jeton in Lexer(chemin.read_text(encoding="utf-8")).tokenize():
        nom = jeton.contents.split()[0] if jeton.token_type == TokenType.BLOCK else ""
        if nom in {"blocktranslate", "endblocktranslate", "comment", "endcomment"}:
            dans_un_bloc = not nom.startswith("end")
        elif jeton.token_type == TokenType.TEXT and not dans_un_bloc:
            reste.append(jeton.contents)
        elif not dans_un_bloc and nom != "translate":  # text given to a tag or to a filter
            textes = re.findall(r'"([^"]*)"', re.sub(r'_\("[^"]*"\)', "", jeton.contents))
            mots += [texte for texte in textes if re.search("[ À-ÿ]", texte)]
    page = html.document_fromstring(f"<div>{''.join(reste)}</div>")
    mots += [texte.strip(" ·\n") for texte in page.itertext() if re.search(r"[^\W\d_]{2}", texte)]
    mots += [valeur for nom in ATTRIBUTS_LUS for valeur in page.xpath(f"//@{nom}") if re.search(r"[^\W\d_]{2}", valeur)]
    assert [mot for mot in mots if mot not in SANS_LANGUE and not mot.startswith("rdv-")] == []


# --- Right to left --------------------------------------------------------------------------------------------------


NOS_FEUILLES = sorted(f for f in (RACINE / "static" / "css").glob("*.css") if not f.name.startswith("dsfr"))


@pytest.mark.parametrize("feuille", NOS_FEUILLES, ids=lambda feuille: feuille.name)
def test_our_style_sheets_say_start_and_end_not_left_and_right(feuille: Path) -> None:
    """A language written from right to left turns the page over: margins, borders and places follow the text."""
    texte = re.sub(r"/\*.*?\*/", "", feuille.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"(?<![-\w])(?:left|right)\s*:|-(?:left|right)\b|:\s*(?:left|right)\b", texte) == []
    # The four sides in one value: the second is the right, the fourth the left.
    quatre = re.findall(r"(?:margin|padding|inset|border-width): ([^\s;]+) ([^\s;]+) ([^\s;]+) ([^\s;]+);", texte)
    assert [cotes for cotes in quatre if cotes[1] != cotes[3]] == []


@pytest.mark.django_db
def test_a_language_written_from_right_to_left_says_so(client: Client, settings) -> None:
    settings.LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
    client.cookies["langue"] = "ar"
    page = _page(client, "/")
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    assert page.xpath("//form[@class='rdv-langue']/button/text()") == ["Français", "English"]


# --- Choosing ------------------------------------------------------------------------------------------------------


def _page(client: Client, adresse: str) -> html.HtmlElement:
    return html.document_fromstring(client.get(adresse).content.decode())


@pytest.mark.django_db
def test_french_whatever_the_browser_asks_until_the_visitor_chooses() -> None:
    client = Client(headers={"Accept-Language": "en"})
    page = _page(client, "/")
    assert (page.get("lang"), page.get("dir")) == ("fr", "ltr")
    bouton = page.xpath("//form[@class='rdv-langue']/button")[0]
    assert (bouton.text, bouton.get("lang"), bouton.get("value")) == ("English", "en", "en")


@pytest.mark.django_db
def test_the_choice_is_kept_on_the_device_and_can_be_changed_back(client: Client) -> None:
    for langue, titre, autre in (("en", "Book an appointment", "Français"), ("fr", "Prendre rendez-vous", "English")):
        reponse = client.post("/langue/", {"language": langue, "next": "/?a=1"})
        assert (reponse.status_code, reponse["Location"]) == (302, "/?a=1")
        assert reponse.cookies["langue"]["max-age"] == 365 * 24 * 3600
        page = _page(client, "/")
        assert page.get("lang") == langue
        assert page.xpath("string(//h1)").startswith(titre)
        assert page.xpath("string(//form[@class='rdv-langue']/button)") == autre


@pytest.mark.django_db
def test_the_way_back_is_on_this_site_only(client: Client) -> None:
    assert client.post("/langue/", {"language": "en", "next": "https://ailleurs.example/"})["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.parametrize("valeur", ["de", "xx", "../../etc", ""])
def test_a_language_that_the_site_does_not_have_is_french(client: Client, valeur: str) -> None:
    client.post("/langue/", {"language": valeur, "next": "/"})
    client.cookies["langue"] = valeur
    assert _page(client, "/").get("lang") == "fr"


@pytest.mark.django_db
def test_the_choice_works_from_a_page_that_hides_its_address() -> None:
    client = Client(enforce_csrf_checks=True, headers={"Origin": "null"})
    assert client.post("/langue/", {"language": "en", "next": "/"}).cookies["langue"].value == "en"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "adresse",
    [
        "/mentions-legales/",
        "/donnees-personnelles/",
        "/accessibilite/",
        "/aide/",
        "/connexion/",
        "/carte/",
        "/prescripteur/",
    ],
)
def test_a_public_page_without_english_stays_french_and_says_so(client: Client, adresse: str) -> None:
    client.cookies["langue"] = "en"
    page = _page(client, adresse)
    assert page.get("lang") == "fr"
    assert page.xpath("//main/p[@lang='en']/text()") == ["This page is in French only."]
    assert page.xpath("//form[@class='rdv-langue']") == []
    client.cookies["langue"] = "fr"
    assert _page(client, adresse).xpath("//*[@lang='en']") == []


@pytest.mark.django_db
def test_a_page_that_does_not_exist_says_so_in_the_language_chosen(client: Client) -> None:
    client.cookies["langue"] = "en"
    page = _page(client, "/nulle-part/")
    assert (page.get("lang"), page.xpath("string(//h1)")) == ("en", "This page does not exist")


@pytest.mark.django_db
def test_one_visitor_s_language_is_not_the_next_one_s(client: Client) -> None:
    client.cookies["langue"] = "en"
    assert _page(client, "/").get("lang") == "en"
    assert _page(Client(), "/").get("lang") == "fr"
