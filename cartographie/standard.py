"""The national standard "lieux de médiation numérique" v1.0.2: one row in, a place or the reasons why not (pure).

One rule for all columns. A column that the standard requires and that is missing or malformed refuses the row: the
place could not be found or told apart. An optional value that is malformed is left out with a warning: a bad telephone
number must not hide a place. Coordinates are optional but refuse the row when they are impossible, since a pin in the
wrong country sends people there.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import phonenumbers

from cartographie.fichiers import Anomalie, Ligne
from structures.communes import departement_du_code_postal

SEPARATEUR_DE_LISTE = "|"
SANS_PIVOT = re.compile(r"^0+$")  # what publishers write when they do not know the SIRET

SERVICES = (
    "Aide aux démarches administratives",
    "Maîtrise des outils numériques du quotidien",
    "Insertion professionnelle via le numérique",
    "Utilisation sécurisée du numérique",
    "Parentalité et éducation avec le numérique",
    "Loisirs et créations numériques",
    "Compréhension du monde numérique",
    "Accès internet et matériel informatique",
    "Acquisition de matériel informatique à prix solidaire",
)
# The closed lists of the standard. `typologie`, `courriels`, `site_web` and `autres_formations_labels` are open ones.
LISTES_FERMEES: dict[str, tuple[str, ...]] = {
    "itinerance": ("Itinérant", "Fixe"),
    "services": SERVICES,
    "publics_specifiquement_adresses": ("Jeunes", "Étudiants", "Familles et/ou enfants", "Seniors", "Femmes"),
    "prise_en_charge_specifique": (
        "Surdité",
        "Handicaps moteurs",
        "Handicaps mentaux",
        "Illettrisme",
        "Langues étrangères (anglais)",
        "Langues étrangères (autres)",
        "Déficience visuelle",
    ),
    "frais_a_charge": ("Gratuit", "Gratuit sous condition", "Payant"),
    "dispositif_programmes_nationaux": (
        "Aidants Connect",
        "Bibliothèques numérique de référence",
        "Certification PIX",
        "Conseillers numériques",
        "Emmaüs Connect",
        "France Services",
        "Grande école du numérique",
        "La Croix Rouge",
        "Point d'accès numérique CAF",
        "Promeneurs du net",
        "Relais numérique (Emmaüs Connect)",
    ),
    "formations_labels": (
        "Formé à « Mon Espace Santé »",
        "Formé à « DUPLEX » (illettrisme)",
        "Arnia/MedNum BFC (Bourgogne-Franche-Comté)",
        "Collectif ressources et acteurs réemploi (Normandie)",
        "Étapes numériques(La Poste)",
        "Fabriques de Territoire",
        "Les Éclaireurs du numérique (Drôme)",
        "Mes Papiers (Métropole de Lyon)",
        "ORDI 3.0",
        "SUD LABS (PACA)",
    ),
    "modalites_acces": (
        "Se présenter",
        "Téléphoner",
        "Contacter par mail",
        "Prendre un RDV en ligne",
        "Ce lieu n'accueille pas de public",
        "Envoyer un mail avec une fiche de prescription",
    ),
    "modalites_accompagnement": (
        "En autonomie",
        "Accompagnement individuel",
        "Dans un atelier collectif",
        "À distance",
    ),
}

OBLIGATOIRES = ("id", "pivot", "nom", "commune", "code_postal", "adresse", "date_maj")
COLONNES = (
    *OBLIGATOIRES,
    *("code_insee", "complement_adresse", "latitude", "longitude", "typologie", "telephone", "courriels", "site_web"),
    *("horaires", "presentation_resume", "presentation_detail", "source", "itinerance", "structure_parente"),
    *("services", "publics_specifiquement_adresses", "prise_en_charge_specifique", "frais_a_charge"),
    *("dispositif_programmes_nationaux", "formations_labels", "autres_formations_labels", "modalites_acces"),
    *("modalites_accompagnement", "fiche_acces_libre", "prise_rdv"),
)
# Columns of their own in the database; the others go to `Lieu.fiche`.
HORS_FICHE = frozenset(
    {"id", "nom", "adresse", "complement_adresse", "code_postal", "commune", "code_insee"}
    | {"latitude", "longitude", "telephone"}
)
REGIONS_TELEPHONIQUES = {
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


class Rejet(Exception):
    """A value is not what its column asks for; the text is the reason, without the value."""


@dataclass(frozen=True, kw_only=True)
class LieuDuStandard:
    """A place as the standard tells it, cleaned. `code_insee` is empty when the file does not say."""

    ligne: int
    id: str
    pivot: str
    nom: str
    adresse: str
    code_postal: str
    commune: str
    complement_adresse: str = ""
    code_insee: str = ""
    latitude: float | None = None
    longitude: float | None = None
    telephone: str = ""
    fiche: dict[str, Any] = field(default_factory=dict)

    @property
    def a_un_pivot(self) -> bool:
        """Whether the SIRET, RNA or RIDET is a real one."""
        return not SANS_PIVOT.match(self.pivot)

    @property
    def position(self) -> tuple[float, float] | None:
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


@dataclass(frozen=True, kw_only=True)
class Analyse:
    """What a row gives: a place, or at least one refusal; warnings in both cases."""

    lieu: LieuDuStandard | None
    refus: list[Anomalie]
    avertissements: list[Anomalie]


@dataclass(frozen=True, kw_only=True)
class Rattachement:
    """To which structure a place belongs, and how many helpers work there."""

    id_structure: str
    nombre_aidants: int | None = None


def analyser(ligne: Ligne) -> Analyse:
    """Read one row of the standard."""
    if ligne.erreur:
        return Analyse(
            lieu=None, refus=[Anomalie(ligne=ligne.numero, colonne="", raison=ligne.erreur)], avertissements=[]
        )
    refus: list[Anomalie] = []
    avertissements: list[Anomalie] = []
    lu: dict[str, Any] = {}
    for colonne in COLONNES:
        valeur = ligne.valeurs.get(colonne, "")
        if not valeur:
            if colonne in OBLIGATOIRES:
                refus.append(Anomalie(ligne=ligne.numero, colonne=colonne, raison="valeur obligatoire absente"))
            continue
        try:
            lu[colonne], remarques = _lire(colonne, valeur, ligne.valeurs.get("code_postal", ""))
        except Rejet as rejet:
            anomalie = Anomalie(ligne=ligne.numero, colonne=colonne, raison=str(rejet), valeur=valeur)
            (refus if colonne in REFUSENT_LA_LIGNE else avertissements).append(anomalie)
        else:
            avertissements += [
                Anomalie(ligne=ligne.numero, colonne=colonne, raison=raison, valeur=element)
                for raison, element in remarques
            ]
    if bool(ligne.valeurs.get("latitude")) != bool(ligne.valeurs.get("longitude")):
        absente = "longitude" if ligne.valeurs.get("latitude") else "latitude"
        refus.append(Anomalie(ligne=ligne.numero, colonne=absente, raison="la latitude et la longitude vont ensemble"))
    if refus:
        return Analyse(lieu=None, refus=refus, avertissements=avertissements)
    lieu = LieuDuStandard(
        ligne=ligne.numero,
        pivot=lu["pivot"],
        fiche={colonne: valeur for colonne, valeur in lu.items() if colonne not in HORS_FICHE},
        **{colonne: valeur for colonne, valeur in lu.items() if colonne in HORS_FICHE},
    )
    return Analyse(lieu=lieu, refus=[], avertissements=avertissements)


def analyser_rattachements(
    lignes: Iterable[Ligne],
) -> tuple[dict[str, Rattachement], list[Anomalie], list[Anomalie]]:
    """Read the rows of the structures file: id of the place → its structure, the refusals and the warnings."""
    rattachements: dict[str, Rattachement] = {}
    refus: list[Anomalie] = []
    avertissements: list[Anomalie] = []

    def anomalie(ligne: Ligne, colonne: str, raison: str) -> Anomalie:
        valeur = ligne.valeurs.get(colonne, "")
        return Anomalie(ligne=ligne.numero, colonne=colonne, raison=raison, valeur=valeur, fichier="structures")

    for ligne in lignes:
        id_lieu, id_structure = ligne.valeurs.get("id_lieu", ""), ligne.valeurs.get("id_structure", "")
        aidants = ligne.valeurs.get("nombre_aidants", "")
        if ligne.erreur:
            refus.append(anomalie(ligne, "", ligne.erreur))
        elif not id_lieu or not id_structure:
            refus.append(anomalie(ligne, "id_structure" if id_lieu else "id_lieu", "valeur obligatoire absente"))
        elif len(id_structure) > LONGUEURS["id"]:
            refus.append(anomalie(ligne, "id_structure", f"plus de {LONGUEURS['id']} caractères"))
        elif id_lieu in rattachements:
            refus.append(anomalie(ligne, "id_lieu", "ce lieu a déjà une structure plus haut dans le fichier"))
        else:
            compte = bool(re.fullmatch(r"[0-9]{1,6}", aidants))
            if aidants and not compte:
                avertissements.append(anomalie(ligne, "nombre_aidants", "un nombre entier est attendu"))
            rattachements[id_lieu] = Rattachement(
                id_structure=id_structure, nombre_aidants=int(aidants) if compte else None
            )
    return rattachements, refus, avertissements


# --- One reader per column: return the clean value and the remarks (reason, element), or raise Rejet ---------------

Lecture = tuple[Any, list[tuple[str, str]]]
LONGUEURS = {"id": 90, "nom": 250, "commune": 150, "adresse": 300, "complement_adresse": 300}
REFUSENT_LA_LIGNE = frozenset({*OBLIGATOIRES, "latitude", "longitude"})
MOTIFS_REGULIERS = {
    "pivot": (re.compile(r"[a-zA-Z0-9]{9,14}"), "9 à 14 chiffres ou lettres sont attendus (SIRET, RNA ou RIDET)"),
    "code_postal": (re.compile(r"[0-9]{5}"), "cinq chiffres sont attendus"),
    "code_insee": (re.compile(r"([013-9][0-9]|2[AB1-9])[0-9]{3}"), "ce n'est pas un code INSEE de commune"),
}
URL = re.compile(r"https?://[^\s|<>\"']+", re.IGNORECASE)
COURRIEL = re.compile(r"[^\s@|<>\"',;]+@[^\s@|<>\"',;]+\.[a-zA-Z0-9-]{2,}")
RESUME_MAXIMUM = 280


def _lire(colonne: str, valeur: str, code_postal: str) -> Lecture:
    if colonne == "telephone":
        return lire_telephone(valeur, code_postal)
    if colonne in LISTES_FERMEES:
        return _liste(valeur, LISTES_FERMEES[colonne].__contains__, "cette valeur n'est pas dans la liste du standard")
    if colonne in LISTES_OUVERTES:
        verifier, raison = LISTES_OUVERTES[colonne]
        return _liste(valeur, verifier, raison)
    return LECTEURS.get(colonne, _texte)(colonne, valeur)


PREFIXE_ET_NUMERO = re.compile(r"(?:\+|00)(?:33|262|269|508|590|594|596)0?([0-9]{9})")


def lire_telephone(valeur: str, code_postal: str) -> Lecture:
    """Return the number in E.164. Overseas numbers written with the prefix of another territory are put right."""
    region = REGIONS_TELEPHONIQUES.get(departement_du_code_postal(code_postal), "FR")
    for essai, pays in ((valeur, region), (valeur, "FR")):
        if numero := _numero_valide(essai, pays):
            return numero, []
    # The standard writes +269 (the Comoros) for Mayotte, and files +33594… for Guyane: keep the nine digits. Nothing
    # else: of a number too long, or of two in one cell, the last digits may be somebody's who has nothing to do here.
    mal_prefixe = PREFIXE_ET_NUMERO.fullmatch(re.sub(r"[\s.()-]", "", valeur))
    if mal_prefixe and (numero := _numero_valide(f"0{mal_prefixe[1]}", region)):
        return numero, [("l'indicatif du territoire a été corrigé", valeur)]
    raise Rejet("ce numéro de téléphone n'existe pas")


def _numero_valide(valeur: str, region: str) -> str:
    try:
        numero = phonenumbers.parse(valeur, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(numero):
        return ""
    return phonenumbers.format_number(numero, phonenumbers.PhoneNumberFormat.E164)


def _texte(colonne: str, valeur: str) -> Lecture:
    maximum = LONGUEURS.get(colonne)
    if maximum and len(valeur) > maximum:
        raise Rejet(f"plus de {maximum} caractères")
    return valeur, []


def _motif_regulier(colonne: str, valeur: str) -> Lecture:
    motif, raison = MOTIFS_REGULIERS[colonne]
    if not motif.fullmatch(valeur):
        raise Rejet(raison)
    return valeur, []


def _coordonnee(colonne: str, valeur: str) -> Lecture:
    """A decimal number of degrees; French spreadsheets write it with a comma."""
    borne = 90 if colonne == "latitude" else 180
    try:
        degres = float(valeur.replace(",", "."))
    except ValueError as erreur:
        raise Rejet("un nombre décimal de degrés est attendu") from erreur
    if not -borne <= degres <= borne:  # refuses NaN too
        raise Rejet(f"la {colonne} va de -{borne} à {borne}")
    return degres, []


def _date(colonne: str, valeur: str) -> Lecture:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", valeur):
        raise Rejet("une date AAAA-MM-JJ est attendue")
    try:
        date.fromisoformat(valeur)
    except ValueError as erreur:
        raise Rejet("cette date n'existe pas") from erreur
    return valeur, []


def _adresse_web(colonne: str, valeur: str) -> Lecture:
    """Only http(s): these values become links, and a `javascript:` one must never get there."""
    if not URL.fullmatch(valeur):
        raise Rejet("une adresse web (http:// ou https://) est attendue")
    return valeur, []


def _resume(colonne: str, valeur: str) -> Lecture:
    """Too long by the standard, but useful all the same: kept, and told."""
    trop_long = len(valeur) > RESUME_MAXIMUM
    return valeur, [(f"plus de {RESUME_MAXIMUM} caractères, gardé tel quel", valeur)] if trop_long else []


def _liste(valeur: str, verifier: Callable[[str], object], raison: str) -> Lecture:
    """Split a list; keep the good elements in their order, once each, and report the others."""
    elements = list(dict.fromkeys(filter(None, (element.strip() for element in valeur.split(SEPARATEUR_DE_LISTE)))))
    bons = [element for element in elements if verifier(element)]
    if not bons:
        raise Rejet(raison)
    return bons, [(raison, element) for element in elements if element not in bons]


LISTES_OUVERTES: Mapping[str, tuple[Callable[[str], object], str]] = {
    "typologie": (bool, "il n'y a que des séparateurs"),
    "autres_formations_labels": (bool, "il n'y a que des séparateurs"),
    "courriels": (COURRIEL.fullmatch, "ce n'est pas une adresse e-mail"),
    "site_web": (URL.fullmatch, "une adresse web (http:// ou https://) est attendue"),
}
LECTEURS: Mapping[str, Callable[[str, str], Lecture]] = {
    **dict.fromkeys(MOTIFS_REGULIERS, _motif_regulier),
    "latitude": _coordonnee,
    "longitude": _coordonnee,
    "date_maj": _date,
    "presentation_resume": _resume,
    "fiche_acces_libre": _adresse_web,
    "prise_rdv": _adresse_web,
}
