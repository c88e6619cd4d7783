"""The places as the national map reads them: the standard v1.0.2, one row a place, written as they are read."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from io import StringIO

from cartographie.standard import COLONNES, RESUME_MAXIMUM, SANS_PIVOT, SEPARATEUR_DE_LISTE
from structures.models import Lieu

# The order of the standard's own file.
ORDRE = (
    *("id", "pivot", "nom", "commune", "code_postal", "code_insee", "adresse", "complement_adresse"),
    *("latitude", "longitude", "typologie", "telephone", "courriels", "site_web", "horaires"),
    *("presentation_resume", "presentation_detail", "source", "itinerance", "structure_parente", "date_maj"),
    *("services", "publics_specifiquement_adresses", "prise_en_charge_specifique", "frais_a_charge"),
    *("dispositif_programmes_nationaux", "formations_labels", "autres_formations_labels"),
    *("modalites_acces", "modalites_accompagnement", "fiche_acces_libre", "prise_rdv"),
)
PIVOT_INCONNU = "00000000000000"
# What the map's reader refuses in an address: a port, a comma, a bracket. It would drop the whole place.
URL_LUE = re.compile(r"https?://[^\s/:,()\[\]|]+(/[^\s,()\[\]|]*)?", re.IGNORECASE)
TELEPHONE_LU = re.compile(r"\+(33|590|594|262|596|269|687|689|508|681)\d{6,9}")
ADRESSES_WEB = ("site_web", "fiche_acces_libre")

Ligne = dict[str, str | float]


def ligne_du_standard(lieu: Lieu, *, prise_rdv: str, jour: date) -> Ligne:
    """Return the columns of a place that have a value. `jour`: the last day on which we know all this to be true."""
    fiche = {
        colonne: SEPARATEUR_DE_LISTE.join(valeur) if isinstance(valeur, list) else str(valeur)
        for colonne, valeur in lieu.fiche.items()
        if colonne in COLONNES
    }
    for colonne in ADRESSES_WEB:
        adresses = fiche.get(colonne, "").split(SEPARATEUR_DE_LISTE)
        fiche[colonne] = SEPARATEUR_DE_LISTE.join(a for a in adresses if URL_LUE.fullmatch(a))
    telephone = str(lieu.telephone.as_e164) if lieu.telephone else ""
    propres: dict[str, str | float | None] = {
        "id": lieu.id_externe or f"rdv-{lieu.pk}",
        "nom": lieu.nom,
        "commune": lieu.commune,
        "code_postal": lieu.code_postal,
        "code_insee": lieu.code_insee,
        "adresse": lieu.adresse,
        "complement_adresse": lieu.complement_adresse,
        "latitude": lieu.latitude,
        "longitude": lieu.longitude,
        "telephone": telephone if TELEPHONE_LU.fullmatch(telephone) else "",
        "date_maj": max(jour.isoformat(), fiche.get("date_maj", "")),
        "presentation_resume": fiche.get("presentation_resume", "")[:RESUME_MAXIMUM],
        "prise_rdv": prise_rdv,
    }
    pivot = fiche.get("pivot", "")
    propres["pivot"] = PIVOT_INCONNU if SANS_PIVOT.match(pivot) or not pivot else pivot
    valeurs = {**fiche, **propres}
    return {c: valeur for c in ORDRE if (valeur := valeurs.get(c)) is not None and valeur != ""}


def en_json(lignes: Iterable[Ligne]) -> Iterator[str]:
    """Write an array."""
    yield "["
    for rang, ligne in enumerate(lignes):
        yield (",\n" if rang else "\n") + _json(ligne)
    yield "\n]\n"


def en_csv(lignes: Iterable[Ligne]) -> Iterator[str]:
    """Write the standard's CSV: commas, every column."""
    tampon = StringIO()
    ecrivain = csv.DictWriter(tampon, ORDRE, restval="", lineterminator="\r\n")
    ecrivain.writeheader()
    for ligne in lignes:
        ecrivain.writerow(ligne)
        yield tampon.getvalue()
        tampon.seek(0)
        tampon.truncate()
    yield tampon.getvalue()  # the header alone, when there is no place


def en_geojson(lignes: Iterable[Ligne]) -> Iterator[str]:
    """Write a FeatureCollection; a place without coordinates has no geometry."""
    yield '{"type":"FeatureCollection","features":['
    for rang, ligne in enumerate(lignes):
        situe = "latitude" in ligne
        point = {"type": "Point", "coordinates": [ligne["longitude"], ligne["latitude"]]} if situe else None
        element = {"type": "Feature", "id": ligne["id"], "geometry": point, "properties": ligne}
        yield (",\n" if rang else "\n") + _json(element)
    yield "\n]}\n"


def _json(valeur: object) -> str:
    return json.dumps(valeur, ensure_ascii=False, separators=(",", ":"))
