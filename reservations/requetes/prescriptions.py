"""How many rendez-vous each organisation took for the people it accompanies, and what became of them. No write here."""

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q

from reservations.models import STATUTS_ANNULES, RendezVous, Statut
from structures.models import Structure

PERIODES = {"mois": "Ce mois-ci", "trimestre": "Trois derniers mois", "annee": "Cette année"}


@dataclass
class Prescriptions:
    """The rendez-vous of an organisation, of one of its prescribers, or of all: the five last add up to the first."""

    nom: str
    pris: int = 0
    a_venir: int = 0
    honores: int = 0
    absents: int = 0
    annules: int = 0
    sans_suivi: int = 0  # over, and nobody said whether the person came
    prescripteurs: "list[Prescriptions]" = field(default_factory=list)

    def ajouter(self, autres: "Prescriptions") -> None:
        for compte in COMPTES:
            setattr(self, compte, getattr(self, compte) + getattr(autres, compte))


COMPTES = ("pris", "a_venir", "honores", "absents", "annules", "sans_suivi")


def bornes_de_la_periode(periode: str, aujourd_hui: date) -> tuple[date, date]:
    """Return the first and last day of a period, whole months: what is to come in them counts."""
    premier = aujourd_hui.replace(day=1)
    if periode == "annee":
        return date(aujourd_hui.year, 1, 1), date(aujourd_hui.year, 12, 31)
    dernier = (premier + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if periode == "trimestre":
        for _ in range(2):
            premier = (premier - timedelta(days=1)).replace(day=1)
    return premier, dernier


def prescriptions(
    structure: Structure, du: date, au: date, maintenant: datetime
) -> tuple[list[Prescriptions], Prescriptions]:
    """Return each organisation, who prescribed most first, and the total. One query.

    Organisations are typed freely: accents, capitals, punctuation and spaces do not make two of them.
    """
    debut = datetime.combine(du, time(), structure.tz)
    fin = datetime.combine(au + timedelta(days=1), time(), structure.tz)
    lignes = (
        RendezVous.objects.de_la_structure(structure)
        .filter(prescripteur__isnull=False, debut__gte=debut, debut__lt=fin)
        .values_list("prescripteur__organisation", "prescripteur__prenom", "prescripteur__nom", "prescripteur")
        .annotate(
            pris=Count("pk"),
            a_venir=Count("pk", filter=Q(statut=Statut.PREVU, fin__gt=maintenant)),
            honores=Count("pk", filter=Q(statut=Statut.HONORE)),
            absents=Count("pk", filter=Q(statut=Statut.ABSENT)),
            annules=Count("pk", filter=Q(statut__in=STATUTS_ANNULES)),
            sans_suivi=Count("pk", filter=Q(statut=Statut.PREVU, fin__lte=maintenant)),
        )
        .order_by("prescripteur__nom", "prescripteur__prenom", "prescripteur")
    )
    par_cle: dict[str, Prescriptions] = {}
    ecritures: dict[str, Counter[str]] = {}
    total = Prescriptions("Total")
    for organisation, prenom, nom, _, *comptes in lignes:
        cle = _cle(organisation)
        siennes = Prescriptions(f"{prenom} {nom}", *comptes)
        groupe = par_cle.setdefault(cle, Prescriptions(""))
        groupe.prescripteurs.append(siennes)
        ecritures.setdefault(cle, Counter())[" ".join(organisation.split())] += siennes.pris
        groupe.ajouter(siennes)
        total.ajouter(siennes)
    for cle, groupe in par_cle.items():
        groupe.nom = ecritures[cle].most_common(1)[0][0]  # as it is written most often
    return sorted(par_cle.values(), key=lambda groupe: (-groupe.pris, _cle(groupe.nom))), total


def _cle(organisation: str) -> str:
    """Return what tells one organisation from another; one made of signs only is itself."""
    lettres = "".join(c for c in unicodedata.normalize("NFKD", organisation.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in lettres).split()) or organisation
