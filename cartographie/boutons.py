"""What an agent reads of the button of each place of their structure: published, and as it is now. No write here."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.db.models.functions import Lower

from cartographie.disponibilites import prochaines, raisons
from cartographie.fiche import adresse_de_la_fiche
from cartographie.models import EtatDuBouton, Publication
from structures.models import Lieu, Structure

ETATS_MONTRES = 6


@dataclass(frozen=True)
class Bouton:
    """The button of a place. `etat`: as published, None when it was never on; `raison`: why it should be off, now."""

    lieu: Lieu
    etat: EtatDuBouton | None
    historique: list[EtatDuBouton]
    raison: str

    @property
    def fiche(self) -> str:
        """The address of the public page of the place."""
        return adresse_de_la_fiche(self.lieu)

    @property
    def publie_actif(self) -> bool:
        return self.etat is not None and self.etat.actif

    @property
    def a_jour(self) -> bool:
        """Whether what is published is what is true now."""
        return self.publie_actif == (not self.raison)


@dataclass(frozen=True)
class BoutonsDeLaStructure:
    boutons: list[Bouton]
    publication: Publication | None


def boutons_de_la_structure(structure: Structure, maintenant: datetime) -> BoutonsDeLaStructure:
    """Return the button of each place, by name. Ten queries at most, whatever the number of places."""
    etats = EtatDuBouton.objects.order_by("-depuis")[:ETATS_MONTRES]
    lieux = list(
        structure.lieux.order_by("-ouvert", Lower("nom"), "pk").prefetch_related(
            Prefetch("etats_du_bouton", queryset=etats, to_attr="derniers_etats")
        )
    )
    for lieu in lieux:
        lieu.structure = structure
    disponibles = prochaines(lieux, maintenant)
    muets = [lieu for lieu in lieux if lieu.pk not in disponibles]
    causes = raisons(muets, maintenant) if muets else {}
    boutons = []
    for lieu in lieux:
        historique: list[EtatDuBouton] = lieu.derniers_etats
        en_cours = next((etat for etat in historique if etat.jusqu_a is None), None)
        boutons.append(Bouton(lieu, en_cours, historique, causes.get(lieu.pk, "")))
    return BoutonsDeLaStructure(boutons, Publication.objects.filter(pk=Publication.SEULE).first())
