"""The first steps of a structure whose agents have no rendez-vous yet: what is done, and the one thing to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from motifs.models import Motif
from plages.models import PlageOuverture
from structures.acces import RequeteAgent
from structures.models import Structure


@dataclass(frozen=True)
class Pas:
    """One step. `adresse` is "" when somebody else must do it: an admin of the structure."""

    titre: str
    texte: str
    fait: bool
    bouton: str
    adresse: str


def premiers_pas(request: RequeteAgent, maintenant: datetime) -> list[Pas]:
    """Return the steps up to the first shared link, none once the structure has had a rendez-vous. Four queries."""
    structure = request.structure
    if not structure.reservation_en_ligne_possible or structure.rendez_vous.exists():
        return []
    motifs = list(structure.motifs.actifs().par_nom())
    ouverts = [motif for motif in motifs if motif.reservable_en_ligne]
    plages = _plages_utiles(structure, ouverts, maintenant)
    pret = bool(ouverts) and plages
    return [
        _pas_du_lieu(request, ouverts),
        Pas(
            "Pour quoi prend-on rendez-vous ?",
            "Un motif : son nom, sa durée, et la case « Réservable en ligne ».",
            bool(ouverts),
            "Ouvrir un motif" if motifs else "Créer un motif",
            _adresse(request, "motifs:motifs" if motifs else "motifs:nouveau_motif", admin=True),
        ),
        Pas(
            "Quand recevez-vous ?",
            "Des plages d'ouverture : par exemple tous les mardis de 9 h à 12 h. Elles seules comptent, "
            "pas les horaires de votre structure.",
            plages,
            "Ajouter une plage d'ouverture",
            _adresse(request, "plages:nouvelle_plage", {"motifs": ",".join(str(motif.pk) for motif in ouverts)}),
        ),
        Pas(
            "Donnez votre lien",
            "Par e-mail, sur une affiche, sur votre site : les personnes choisissent elles-mêmes leur heure.",
            False,
            "Voir mon lien" if pret else "",
            _adresse(request, "reservations:lien") if pret else "",
        ),
    ]


def _pas_du_lieu(request: RequeteAgent, ouverts: list[Motif]) -> Pas:
    """Somebody who works by phone only needs no lieu."""
    ailleurs = bool(ouverts) and not any(motif.sur_place for motif in ouverts)
    return Pas(
        "Où recevez-vous ?",
        "Le lieu que liront les personnes, avec son adresse.",
        ailleurs or request.structure.lieux.ouverts().exists(),
        "Ajouter un lieu",
        _adresse(request, "structures:nouveau_lieu", admin=True),
    )


def _plages_utiles(structure: Structure, ouverts: list[Motif], maintenant: datetime) -> bool:
    aujourd_hui = maintenant.astimezone(structure.tz).date()
    plages = PlageOuverture.objects.en_cours(aujourd_hui).filter(structure=structure, agent__is_active=True)
    return bool(ouverts) and plages.filter(motifs__in=ouverts).exists()


def _adresse(
    request: RequeteAgent, nom: str, parametres: Mapping[str, str] | None = None, *, admin: bool = False
) -> str:
    if admin and not request.appartenance.est_admin:
        return ""
    choisis = {cle: valeur for cle, valeur in {**(parametres or {}), "retour": "premiers-pas"}.items() if valeur}
    return f"{reverse(nom, args=[request.structure.pk])}?{urlencode(choisis)}"
