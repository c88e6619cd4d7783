"""The facts of the tab "Réservation en ligne": which motifs can be booked, from when, and why the others cannot.

Counts are those of the structure, every agent included. The reasons themselves are in `reservations.verdict` (pure).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from motifs.models import Motif, Public, delai_en_mots
from plages.models import PlageOuverture
from plages.recurrence import Frequence
from plages.services import HORIZON
from reservations.creneaux import UN_INSTANT, Creneau, Demande, demande_du_public, premiers_creneaux
from reservations.verdict import Faits, FaitsPlage, Verdict, juger
from structures.models import Structure


@dataclass(frozen=True)
class LigneMotif:
    """One motif of the recap, and whether it can be booked."""

    motif: Motif
    verdict: Verdict


@dataclass(frozen=True)
class EtatReservation:
    """The three steps and the recap."""

    lignes: list[LigneMotif]
    motifs_ouverts: list[Motif]
    plages: int
    lien_ferme: bool

    @property
    def pret(self) -> bool:
        """Whether the link can be given: both conditions of the brief are met, and it is not closed."""
        return bool(self.motifs_ouverts) and self.plages > 0 and not self.lien_ferme

    @property
    def prescripteurs_seulement(self) -> bool:
        """Whether a learner alone would find nothing behind the link."""
        return all(motif.ouvert_a == Public.PRESCRIPTEURS for motif in self.motifs_ouverts)


def etat_de_la_reservation(structure: Structure, maintenant: datetime) -> EtatReservation:
    """Read everything in eight queries at most, whatever the number of motifs and plages."""
    motifs = list(structure.motifs.actifs().par_nom())
    faits = faits_des_motifs(structure, motifs, maintenant)
    ouverts = [motif for motif in motifs if motif.reservable_en_ligne]
    utiles = {plage.plage for motif in ouverts for plage in faits[motif.pk].plages}
    return EtatReservation(
        [LigneMotif(m, juger(faits[m.pk])) for m in motifs], ouverts, len(utiles), structure.lien_ferme
    )


def verdict_du_motif(motif: Motif, maintenant: datetime) -> Verdict:
    """Return the verdict on one motif. Seven queries at most."""
    return juger(faits_des_motifs(motif.structure, [motif], maintenant)[motif.pk])


def faits_des_motifs(structure: Structure, motifs: Sequence[Motif], maintenant: datetime) -> dict[int, Faits]:
    """Return what the verdict needs to know of each motif. Seven queries at most, whatever their number.

    The first créneau is asked to the engine of the public pages; when there is none, the same engine is asked what
    would be free without the rendez-vous, without the absences, sooner and later.
    """
    plages, eurent_des_plages = _plages_par_motif(structure, maintenant)
    ouverts = [m for m in motifs if m.reservable_en_ligne and m.archive_le is None and plages[m.pk]]
    demandes = [demande_du_public(motif, maintenant=maintenant) for motif in ouverts]
    premiers = _premiers(demandes, maintenant)
    muets = [demande for demande in demandes if demande.motif.pk not in premiers]
    avant = [Demande(d.motif, maintenant, d.au_plus_tot - UN_INSTANT) for d in muets]
    apres = [Demande(d.motif, d.au_plus_tard + UN_INSTANT, maintenant + HORIZON) for d in muets]
    lus = {
        "premier": premiers,
        "sans_rendez_vous": _premiers(muets, maintenant, rendez_vous=False),
        "grille": _premiers(muets, maintenant, rendez_vous=False, absences=False),
        "avant": _premiers(avant, maintenant, rendez_vous=False, absences=False),
        "apres": _premiers(apres, maintenant),
    }
    tz = structure.tz
    return {
        motif.pk: Faits(
            aujourd_hui=maintenant.astimezone(tz).date(),
            duree=motif.delta,
            delai_min=delai_en_mots(motif.delai_min),
            delai_max=delai_en_mots(motif.delai_max),
            dernier_jour=motif.fenetre_du_public(maintenant)[1].astimezone(tz).date(),
            sur_place=motif.sur_place,
            reservable=motif.reservable_en_ligne,
            archive=motif.archive_le is not None,
            lien_ferme=structure.lien_ferme,
            prescripteurs=motif.ouvert_a == Public.PRESCRIPTEURS,
            eut_des_plages=motif.pk in eurent_des_plages,
            plages=tuple(plages[motif.pk]),
            **{nom: c[motif.pk].debut.astimezone(tz) for nom, c in lus.items() if motif.pk in c},
        )
        for motif in motifs
    }


def _premiers(
    demandes: Sequence[Demande], maintenant: datetime, *, absences: bool = True, rendez_vous: bool = True
) -> dict[int, Creneau]:
    premiers: dict[int, Creneau] = {}
    for creneau in premiers_creneaux(demandes, maintenant=maintenant, absences=absences, rendez_vous=rendez_vous):
        premiers.setdefault(creneau.motif_id, creneau)
    return premiers


def _plages_par_motif(
    structure: Structure, maintenant: datetime
) -> tuple[defaultdict[int, list[FaitsPlage]], set[int]]:
    """Return the plages of active agents that are not past, by motif, and the motifs that ever had one. Two queries."""
    ici = maintenant.astimezone(structure.tz)
    aujourd_hui = ici.date()
    par_motif: defaultdict[int, list[FaitsPlage]] = defaultdict(list)
    lignes = (
        structure.plages.en_cours(aujourd_hui)
        .filter(agent__is_active=True, motifs__isnull=False)
        .order_by("premier_jour", "heure_debut", "pk")
        .values_list(
            *("motifs", "pk", "titre", "agent", "agent__prenom", "agent__nom", "lieu", "lieu__nom", "lieu__ouvert"),
            *("frequence", "premier_jour", "jusqu_au", "heure_debut", "heure_fin"),
        )
    )
    for motif, pk, titre, agent, prenom, nom, lieu, lieu_nom, ouvert, frequence, premier, dernier, debut, fin in lignes:
        if (premier if frequence == Frequence.UNIQUE.value else dernier) == aujourd_hui and fin <= ici.time():
            continue  # it was over earlier today
        longueur = datetime.combine(aujourd_hui, fin) - datetime.combine(aujourd_hui, debut)
        par_motif[motif].append(
            FaitsPlage(pk, titre, agent, f"{prenom} {nom}", lieu, lieu_nom or "", bool(ouvert), longueur)
        )
    liens = PlageOuverture.motifs.through._default_manager.filter(
        plageouverture__structure=structure, plageouverture__agent__is_active=True
    )
    return par_motif, set(liens.values_list("motif_id", flat=True).distinct())
