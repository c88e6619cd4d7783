"""Filters and tags of every template: dates in words, links in users' texts, form controls, the agents' menu."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django import forms, template
from django.conf import settings
from django.forms import BoundField
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from structures import dates
from structures.texte import de

register = template.Library()


# --- Dates: the value is shown in the current time zone (views activate the structure's) ---------------------------
# Those that a page of slots writes hundreds of times are marked safe: digits and our own words have nothing to escape.
def _local(valeur: datetime) -> datetime:
    return timezone.localtime(valeur) if timezone.is_aware(valeur) else valeur


def _jour(valeur: date | datetime) -> date:
    return _local(valeur).date() if isinstance(valeur, datetime) else valeur


@register.filter
def date_longue(valeur: date | datetime | None) -> str:
    """Return "mardi 24 novembre 2026"."""
    return dates.date_longue(_jour(valeur)) if valeur else ""


@register.filter
def jour_et_mois(valeur: date | datetime | None) -> str:
    """Return "mardi 24 novembre"."""
    return SafeString(dates.jour_et_mois(_jour(valeur))) if valeur else ""


@register.filter
def date_sans_jour(valeur: date | datetime | None) -> str:
    """Return "24 novembre 2026"."""
    return dates.date_sans_jour(_jour(valeur)) if valeur else ""


@register.filter
def heure(valeur: datetime | time | None) -> str:
    """Return "9 h" or "9 h 30"."""
    if valeur is None or valeur == "":
        return ""
    return SafeString(dates.heure(_local(valeur) if isinstance(valeur, datetime) else valeur))


@register.filter
def instants_et_heures(debuts: Iterable[datetime]) -> list[tuple[str, str]]:
    """Return each start in ISO 8601 and as "9 h 30".

    For a whole day at once: with two filters a start, the page of slots takes a quarter longer (docs/performance.md).
    """
    fuseau = timezone.get_current_timezone()
    return [(iso(debut), SafeString(dates.heure(debut.astimezone(fuseau)))) for debut in debuts]


@register.filter
def a_heure(valeur: datetime | None) -> str:
    """Return "à 9 h 30"."""
    return dates.a_heure(_local(valeur)) if valeur else ""


@register.filter
def jour_et_heure(valeur: datetime | None) -> str:
    """Return "mardi 24 novembre à 9 h"."""
    return dates.jour_et_heure(_local(valeur)) if valeur else ""


@register.filter
def duree(valeur: timedelta | int | None) -> str:
    """Return "30 minutes", "1 heure", "1 h 30"."""
    return dates.duree(valeur) if valeur is not None and valeur != "" else ""


@register.filter
def jour_relatif(valeur: date | datetime | None) -> str:
    """Return "aujourd'hui", "demain" or "mardi 24 novembre"."""
    return dates.jour_relatif(_jour(valeur), timezone.localdate()) if valeur else ""


@register.filter
def moment(valeur: datetime | None) -> str:
    """Return "mardi 24 novembre 2026 à 9 h"."""
    return dates.moment(_local(valeur)) if valeur else ""


@register.filter
def jusqu_a(debut: datetime | None, fin: datetime | None) -> str:
    """Return "mardi 24 novembre 2026, de 9 h à 10 h": `{{ rdv.debut|jusqu_a:rdv.fin }}`."""
    return dates.de_a(_local(debut), _local(fin)) if debut and fin else ""


@register.filter
def iso(valeur: datetime | None) -> str:
    """Return an ISO 8601 instant, for `<time datetime>` and `data-expire-a`."""
    return SafeString(valeur.isoformat(timespec="seconds")) if valeur else ""


register.filter("de", de)


@register.filter
def liste_ou(valeurs: Iterable[object]) -> str:
    """Return "3 ou 4"."""
    return _(" ou ").join(str(valeur) for valeur in valeurs)


# --- Texts written by agents --------------------------------------------------------------------------------------
@register.simple_tag
def en_francais() -> SafeString:
    """Return the attribute of what people of the structure wrote, where the page is in another language."""
    return mark_safe("" if get_language() == settings.LANGUAGE_CODE else ' lang="fr" dir="ltr"')  # noqa: S308 ours


_ADRESSE = re.compile(r"https?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)


def _sans_ponctuation_finale(adresse: str) -> str:
    """Leave out what ends the sentence, not the address; a closing parenthesis is kept when it was opened inside."""
    while adresse and (adresse[-1] in ".,;:!?…»" or (adresse[-1] == ")" and adresse.count(")") > adresse.count("("))):
        adresse = adresse[:-1]
    return adresse


@register.filter(is_safe=True)
def liens(texte: str | None) -> SafeString:
    """Escape a text written by someone, make its http(s) addresses links and keep its line breaks.

    Each piece is escaped by itself, so nothing written can become markup; only http and https ever become a link.
    """
    brut = str(texte or "").replace("\r\n", "\n").strip()
    morceaux: list[str] = []
    position = 0
    for trouve in _ADRESSE.finditer(brut):
        adresse = _sans_ponctuation_finale(trouve.group())
        if len(adresse.split("://", 1)[1]) < 1:
            continue
        morceaux.append(conditional_escape(brut[position : trouve.start()]))
        morceaux.append(format_html('<a href="{}" rel="noopener noreferrer nofollow">{}</a>', adresse, adresse))
        position = trouve.start() + len(adresse)
    morceaux.append(conditional_escape(brut[position:]))
    return mark_safe("".join(morceaux).replace("\n", "<br>"))  # noqa: S308 every piece above was escaped


# --- Forms (used by composants/champ.html) ------------------------------------------------------------------------
@register.filter
def genre(champ: BoundField) -> str:
    """Return the kind of markup a field needs: case, choix, groupe, liste, texte or saisie."""
    controle_html = champ.field.widget
    match controle_html:
        case forms.CheckboxSelectMultiple() | forms.RadioSelect():
            return "choix"
        case forms.CheckboxInput():
            return "case"
        case forms.Select():
            return "liste"
        case forms.Textarea():
            return "texte"
        case _:
            return "groupe" if controle_html.use_fieldset else "saisie"


@register.filter
def facultatif(champ: BoundField) -> bool:
    """Whether to write "(facultatif)": not for a lone checkbox, nor when the field says `sans_mention = True`."""
    return not (champ.field.required or genre(champ) == "case" or getattr(champ.field, "sans_mention", False))


@register.filter
def controle(champ: BoundField, classe: str) -> SafeString:
    """Render the control with a DSFR class added to those of its widget."""
    classes = f"{classe} {classe}--error" if champ.errors else classe
    return champ.as_widget(attrs={"class": f"{classes} {champ.field.widget.attrs.get('class', '')}".strip()})


@register.filter
def est_radio(champ: BoundField) -> bool:
    """Whether a "choix" is of radio buttons (one answer) rather than checkboxes."""
    return not isinstance(champ.field.widget, forms.CheckboxSelectMultiple)  # which Django derives from RadioSelect


# --- The agents' menu ---------------------------------------------------------------------------------------------
# (label, URL name, URL names of the section, as a pattern).
_SECTIONS: list[tuple[str, str, str]] = [
    (
        "Rendez-vous",
        "reservations:rendez_vous",
        r"reservations:(rendez_vous|nouveau_rendez_vous|rendez_vous_detail|liste_d_attente|annuler|deplacer"
        r"|confirmer_deplacement)$",
    ),
    ("Personnes", "reservations:apprenants", r"reservations:(modifier_|supprimer_)?apprenants?$"),
    ("Agenda", "reservations:agenda", r"reservations:(agenda|journee)$"),
    ("Plages d'ouverture", "plages:plages", r"plages:(?!.*absence|fermetures)"),
    ("Absences", "plages:absences", r"(plages:.*absence|reservations:rendez_vous_couverts)"),
]
_PARAMETRES: list[tuple[str, str, str]] = [
    ("Structure", "structures:structure", r"structures:structure$"),
    ("Motifs", "motifs:motifs", r"motifs:"),
    ("Lieux", "structures:lieux", r"structures:(nouveau_|modifier_)?lieu"),
    ("Agents", "structures:agents", r"structures:(agents|(inviter|relancer)_agent)|reservations:retirer_agent"),
    ("Fermetures", "plages:fermetures", r"plages:fermetures|reservations:rendez_vous_fermes"),
    ("Réservation en ligne", "reservations:reservation_en_ligne", r"reservations:(reservation_en_ligne|.*lien)$"),
]

_AUX_ADMINS = {"structures:structure", "plages:fermetures"}


def _entrees(request: HttpRequest, sections: list[tuple[str, str, str]]) -> list[dict[str, object]]:
    structure = request.structure  # type: ignore[attr-defined]
    ici = request.resolver_match.view_name if request.resolver_match else ""
    entrees: list[dict[str, object]] = []
    for libelle, nom, motif_de_section in sections:
        if nom == "reservations:reservation_en_ligne" and not structure.reservation_en_ligne_possible:
            continue
        if nom in _AUX_ADMINS and not request.appartenance.est_admin:  # type: ignore[attr-defined]
            continue
        adresse = reverse(nom, kwargs={"structure_id": structure.pk})
        courante = "page" if request.path == adresse else "true" if re.match(motif_de_section, ici) else ""
        entrees.append({"libelle": libelle, "adresse": adresse, "courante": courante})
    return entrees


@register.inclusion_tag("composants/navigation_agent.html", takes_context=True)
def navigation_agent(context: template.Context) -> dict[str, object]:
    """Give the menu of the structure in the request, the present page marked."""
    request: HttpRequest = context["request"]
    if not getattr(request, "structure", None):
        return {"sections": []}
    parametres = _entrees(request, _PARAMETRES)
    dans_parametres = any(entree["courante"] for entree in parametres)
    sections = _entrees(request, _SECTIONS)
    premiere_page = reverse("motifs:motifs", args=[request.structure.pk])  # type: ignore[attr-defined]
    courante = "true" if dans_parametres else ""
    sections.append({"libelle": "Paramètres", "adresse": premiere_page, "courante": courante})
    return {"sections": sections, "parametres": parametres if dans_parametres else []}
