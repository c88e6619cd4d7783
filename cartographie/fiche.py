"""What the page of a place says, from the columns of the standard and the slots. No write here."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from cartographie.disponibilites import Disponibilite
from cartographie.horaires import Semaine, en_mots, semaine
from motifs.models import Motif
from structures.carte import Carte, dessiner
from structures.communes import departement_du_code_postal
from structures.fuseaux import departement_du_code
from structures.models import Lieu

JOURS_SCHEMA = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ECHAPPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
# What people ask about a place, in order: the columns of the standard, and what they are called here.
RUBRIQUES = (
    ("services", "Aide proposée"),
    ("modalites_accompagnement", "Comment"),
    ("frais_a_charge", "Prix"),
    ("publics_specifiquement_adresses", "Pour qui"),
    ("prise_en_charge_specifique", "Accueil adapté"),
    ("formations_labels", "Labels"),
)


def departement_du_lieu(lieu: Lieu) -> str:
    return departement_du_code(lieu.code_insee) if lieu.code_insee else departement_du_code_postal(lieu.code_postal)


def adresse_de_la_fiche(lieu: Lieu) -> str:
    """Return the public address of a place: its number makes it, its name only says it."""
    nom = slugify(f"{lieu.nom} {lieu.commune}")[:80].strip("-") or "lieu"
    return reverse("cartographie:fiche", args=[lieu.pk, nom])


def adresse_pour_reserver(lieu: Lieu, disponibilite: Disponibilite) -> str:
    """Return the booking link of the structure, narrowed to the place when the slot is there."""
    adresse = reverse("reservations:choix_motif", args=[lieu.structure.lien])
    return f"{adresse}?lieu={lieu.pk}" if disponibilite.sur_place else adresse


def adresse_pour_choisir(lieu: Lieu, motif: Motif, debut: datetime) -> str:
    """Return where one chooses a time of this motif, from the week of this one on."""
    adresse = reverse("reservations:choix_creneau", args=[lieu.structure.lien, motif.pk])
    semaine = debut.astimezone(lieu.structure.tz).date().isoformat()
    return f"{adresse}?{f'lieu={lieu.pk}&' if motif.sur_place else ''}semaine={semaine}"


def code_du_lieu(lieu: Lieu) -> str:
    """Return what another site pastes in one of its pages to show the next slots of a place."""
    return _cadre(
        reverse("cartographie:lieu_integre", args=[lieu.pk]), f"Rendez-vous : {lieu.nom}, {lieu.commune}", 480
    )


def code_de_la_carte(lieu: Lieu) -> str:
    """The same, for the list and the map of the places around this one."""
    autour = f"commune={lieu.code_insee}" if lieu.code_insee else f"ou={lieu.code_postal}"
    adresse = f"{reverse('cartographie:carte_integree')}?{autour}"
    return _cadre(adresse, f"Les lieux d'aide numérique près de {lieu.commune}", 800, 'allow="geolocation" ')


def _cadre(chemin: str, titre: str, hauteur: int, permission: str = "") -> str:
    adresse, nom = escape(settings.SITE_URL + chemin), escape(titre)
    return f'<iframe src="{adresse}" title="{nom}" width="100%" height="{hauteur}" {permission}loading="lazy"></iframe>'


@dataclass(frozen=True)
class Fiche:
    """A place, what can be booked there, soonest first, and what its page shows."""

    lieu: Lieu
    disponibilites: list[Disponibilite]
    semaine: Semaine | None
    carte: Carte | None

    @property
    def rubriques(self) -> list[tuple[str, list[str]]]:
        return [(titre, valeurs) for colonne, titre in RUBRIQUES if (valeurs := self.colonne(colonne))]

    def colonne(self, nom: str) -> list[str]:
        valeur = self.lieu.fiche.get(nom) or []
        return valeur if isinstance(valeur, list) else [str(valeur)]

    @property
    def presentation(self) -> str:
        return " ".join(self.colonne("presentation_detail") or self.colonne("presentation_resume"))

    @property
    def horaires(self) -> list[tuple[str, str]]:
        return [(jour, en_mots(plages)) for jour, plages in self.semaine or []]

    @property
    def telephone(self) -> Any:
        return self.lieu.telephone or self.lieu.structure.telephone

    @property
    def sites(self) -> list[str]:
        return self.colonne("site_web")

    @property
    def courriels(self) -> list[str]:
        return self.colonne("courriels")

    @property
    def pour_reserver(self) -> str:
        return adresse_pour_reserver(self.lieu, self.disponibilites[0]) if self.disponibilites else ""

    @property
    def adresse_complete(self) -> str:
        """The public address of this page, to copy."""
        return settings.SITE_URL + adresse_de_la_fiche(self.lieu)

    @property
    def codes_a_integrer(self) -> list[tuple[str, str]]:
        """What to paste in another site, and what it shows there."""
        return [
            ("Les prochains créneaux de ce lieu", code_du_lieu(self.lieu)),
            ("La liste et la carte des lieux autour", code_de_la_carte(self.lieu)),
        ]

    @property
    def json_ld(self) -> SafeString:
        """The place for search engines (schema.org). A block of data: nothing in it can close the element."""
        lieu = self.lieu
        donnees: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "CivicStructure",
            "@id": self.adresse_complete,
            "name": lieu.nom,
            "url": self.adresse_complete,
            "address": {
                "@type": "PostalAddress",
                "streetAddress": lieu.adresse,
                "postalCode": lieu.code_postal,
                "addressLocality": lieu.commune,
                "addressCountry": "FR",
            },
        }
        if lieu.latitude is not None:
            donnees["geo"] = {"@type": "GeoCoordinates", "latitude": lieu.latitude, "longitude": lieu.longitude}
        if self.telephone:
            donnees["telephone"] = self.telephone.as_e164
        if self.semaine:
            donnees["openingHoursSpecification"] = [
                {"@type": "OpeningHoursSpecification", "dayOfWeek": jour, "opens": f"{d:%H:%M}", "closes": f"{f:%H:%M}"}
                for jour, (_, plages) in zip(JOURS_SCHEMA, self.semaine, strict=True)
                for d, f in plages
            ]
        if self.disponibilites:
            cible = settings.SITE_URL + reverse("cartographie:prendre_rendez_vous", args=[lieu.pk])
            donnees["potentialAction"] = {"@type": "ReserveAction", "name": "Prendre rendez-vous", "target": cible}
        return mark_safe(json.dumps(donnees, ensure_ascii=False).translate(ECHAPPES))  # noqa: S308 escaped just here


def fiche_du_lieu(lieu: Lieu, disponibilites: list[Disponibilite], maintenant: datetime) -> Fiche:
    """Put together the page of a place."""
    jour = maintenant.astimezone(lieu.structure.tz).date()
    texte = lieu.fiche.get("horaires", "")
    carte = dessiner(departement_du_lieu(lieu), lieu.latitude, lieu.longitude)
    return Fiche(lieu, disponibilites, semaine(texte, jour) if texte else None, carte)
