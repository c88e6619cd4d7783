"""The structures on which `manage.py banc` measures: always the same, whatever the base around them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import uuid4

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from cartographie.donnees_nationales import DOMAINE, analyser, copier
from motifs.models import Motif, TypeLieu
from plages.models import Ouverture, PlageOuverture
from reservations.creneaux import Demande
from reservations.models import RendezVous, Statut
from structures.models import Agent, Appartenance, Lieu, Structure

AGENTS, JOURS, RENDEZ_VOUS = 10, 28, 500
SEMAINES_PLEINES, SEMAINES = 26, 56
LIEUX, LIEUX_PAR_AGENT = 200, 4
GUICHETS = 16  # as many clients book at once
CREST = (44.73, 5.02)
DEMI_HEURE, HEURE = timedelta(minutes=30), timedelta(hours=1)


@dataclass
class Terrain:
    """Four structures. `ordinaire`: 10 agents, weekdays 09:00–15:00, 500 rendez-vous, 1,900 free slots of 30 minutes
    in 28 days; a second motif on the same plages, so that its public chooses. `pleine`: the same hours, all taken for
    six months. `etendue`: 200 places, its first week taken. `guichets`: 16 agents with nothing taken, to book.

    Written without the plages' own service: public holidays would move the number of slots with the season.
    """

    lundi: datetime  # the first Monday to come, 00:00 UTC
    ordinaire: Motif = field(init=False)
    pleine: Motif = field(init=False)
    etendue: Motif = field(init=False)
    guichets: Motif = field(init=False)
    agents: list[int] = field(init=False)
    agents_pleins: list[int] = field(init=False)
    lieux: list[int] = field(init=False)
    agents_des_guichets: list[int] = field(init=False)

    @classmethod
    def ecrire(cls, maintenant: datetime, *, en_entier: bool = True) -> "Terrain":
        """Write the four structures; `ordinaire` alone with `en_entier=False`."""
        jour = maintenant.astimezone(UTC).date()
        lundi = datetime.combine(jour + timedelta(days=7 - jour.weekday()), time(), tzinfo=UTC)
        terrain = cls(lundi)
        terrain._ordinaire()
        if en_entier:
            terrain._pleine()
            terrain._etendue()
            terrain._guichets()
        analyser()
        return terrain

    @property
    def demande(self) -> Demande:
        """What case 1 asks: 28 days."""
        return Demande(self.ordinaire, self.lundi, self.lundi + timedelta(days=JOURS))

    @property
    def demande_pleine(self) -> Demande:
        return Demande(self.pleine, self.lundi, self.lundi + timedelta(weeks=SEMAINES_PLEINES))

    @property
    def demande_etendue(self) -> Demande:
        return Demande(self.etendue, self.lundi, self.lundi + timedelta(days=92))

    def ajouter_passe(self, chacun: int) -> None:
        """Give each agent of `ordinaire` so many past rendez-vous, an hour each, end to end."""
        fin = timezone.now().replace(minute=0, second=0, microsecond=0)
        premier = 1 + (RendezVous.objects.aggregate(dernier=Max("pk"))["dernier"] or 0)
        heures = ((agent, fin - HEURE * n) for agent in self.agents for n in range(1, chacun + 1))
        with connection.cursor() as curseur:
            copier(
                curseur,
                RendezVous,
                ("id", "uid", "jeton", "agent_id", "debut", "fin"),
                (
                    (n, uuid4(), f"banc-{n}", agent, debut, debut + HEURE)
                    for n, (agent, debut) in enumerate(heures, premier)
                ),
                structure_id=self.ordinaire.structure_id,
                motif_id=self.ordinaire.pk,
                type_lieu=TypeLieu.TELEPHONE.value,
                statut=Statut.HONORE.value,
            )
            for requete in connection.ops.sequence_reset_sql(no_style(), [RendezVous]):
                curseur.execute(requete)
            curseur.execute("ANALYZE reservations_rendezvous")

    def _ordinaire(self) -> None:
        self.ordinaire, self.agents = self._structure("ordinaire", AGENTS, 30)
        plages = self._plages(self.ordinaire, self.agents, [None] * AGENTS)
        self._second_motif(self.ordinaire, plages)
        ouvertures = [(p, j, 9, 15) for p in plages for j in self._ouvres(SEMAINES)]
        self._ouvertures(ouvertures)
        jours, chacun = self._ouvres(JOURS // 7), RENDEZ_VOUS // AGENTS
        grille = [jour + timedelta(hours=9) + DEMI_HEURE * n for jour in jours for n in range(12)]
        hasard = Random(1)  # noqa: S311 (each agent has their own free pieces, the same in all runs)
        pris = ((agent, debut) for agent in self.agents for debut in hasard.sample(grille, chacun))
        self._rendez_vous(self.ordinaire, pris, DEMI_HEURE)

    def _pleine(self) -> None:
        self.pleine, self.agents_pleins = self._structure("pleine", AGENTS, 60)
        plages = self._plages(self.pleine, self.agents_pleins, [None] * AGENTS)
        jours = self._ouvres(SEMAINES_PLEINES)
        self._ouvertures([(p, j, 9, 15) for p in plages for j in jours])
        pris = ((a, j + timedelta(hours=h)) for a in self.agents_pleins for j in jours for h in range(9, 15))
        self._rendez_vous(self.pleine, pris, HEURE)

    def _etendue(self) -> None:
        """An agent serves four places, a morning a week each."""
        self.etendue, agents = self._structure("étendue", LIEUX // LIEUX_PAR_AGENT, 60, TypeLieu.SUR_PLACE)
        structure = self.etendue.structure
        lieux = Lieu.objects.bulk_create(
            Lieu(
                structure=structure,
                nom=f"Lieu {n}",
                code_postal="26400",
                commune="Crest",
                latitude=CREST[0] + n / 1000,
                longitude=CREST[1],
            )
            for n in range(LIEUX)
        )
        self.lieux = [lieu.pk for lieu in lieux]
        qui = [agents[n // LIEUX_PAR_AGENT] for n in range(LIEUX)]
        plages = self._plages(self.etendue, qui, self.lieux)
        lundis = [self.lundi + timedelta(weeks=n) for n in range(SEMAINES)]
        jour_de = [timedelta(days=n % LIEUX_PAR_AGENT) for n in range(LIEUX)]
        self._ouvertures([(p, lundi + jour_de[n], 9, 12) for n, p in enumerate(plages) for lundi in lundis])
        pris = ((qui[n], self.lundi + jour_de[n] + timedelta(hours=h)) for n in range(LIEUX) for h in range(9, 12))
        self._rendez_vous(self.etendue, pris, HEURE)

    def _guichets(self) -> None:
        self.guichets, self.agents_des_guichets = self._structure("guichets", GUICHETS, 30)
        plages = self._plages(self.guichets, self.agents_des_guichets, [None] * GUICHETS)
        self._ouvertures([(p, j, 9, 15) for p in plages for j in self._ouvres(JOURS // 7)])

    def _second_motif(self, motif: Motif, plages: list[int]) -> None:
        second = Motif.objects.create(
            structure=motif.structure,
            nom="Banc, une heure",
            duree=60,
            type_lieu=motif.type_lieu,
            reservable_en_ligne=True,
        )
        lien = PlageOuverture.motifs.through
        lien._default_manager.bulk_create(lien(plageouverture_id=plage, motif_id=second.pk) for plage in plages)

    def _ouvres(self, semaines: int) -> list[datetime]:
        """Return the weekdays of the first weeks."""
        return [self.lundi + timedelta(days=7 * n + jour) for n in range(semaines) for jour in range(5)]

    def _structure(
        self, nom: str, nombre: int, duree: int, type_lieu: TypeLieu = TypeLieu.TELEPHONE
    ) -> tuple[Motif, list[int]]:
        structure = Structure.objects.create(nom=f"Banc, {nom}", courriel=f"banc{DOMAINE}")
        agents = Agent.objects.bulk_create(
            Agent(courriel=f"banc-{structure.pk}-{n}{DOMAINE}", prenom="Banc", nom=str(n), password="!")  # noqa: S106
            for n in range(nombre)
        )
        Appartenance.objects.bulk_create(Appartenance(agent=agent, structure=structure) for agent in agents)
        motif = Motif.objects.create(
            structure=structure, nom="Banc", duree=duree, type_lieu=type_lieu, reservable_en_ligne=True
        )
        return motif, [agent.pk for agent in agents]

    def _plages(self, motif: Motif, agents: list[int], lieux: "list[int] | list[None]") -> list[int]:
        plages = PlageOuverture.objects.bulk_create(
            PlageOuverture(
                structure=motif.structure,
                agent_id=agent,
                lieu_id=lieu,
                titre="Banc",
                premier_jour=self.lundi.date(),
                heure_debut=time(9),
                heure_fin=time(12),
                frequence="semaine",
            )
            for agent, lieu in zip(agents, lieux, strict=True)
        )
        lien = PlageOuverture.motifs.through
        lien._default_manager.bulk_create(lien(plageouverture_id=plage.pk, motif_id=motif.pk) for plage in plages)
        return [plage.pk for plage in plages]

    def _ouvertures(self, lignes: Iterable[tuple[int, datetime, int, int]]) -> None:
        Ouverture.objects.bulk_create(
            Ouverture(plage_id=plage, jour=jour.date(), periode=(jour + timedelta(hours=de), jour + timedelta(hours=a)))
            for plage, jour, de, a in lignes
        )

    def _rendez_vous(self, motif: Motif, pris: Iterable[tuple[int, datetime]], duree: timedelta) -> None:
        RendezVous.objects.bulk_create(
            RendezVous(
                structure_id=motif.structure_id,
                motif=motif,
                agent_id=agent,
                type_lieu=TypeLieu.TELEPHONE,
                debut=debut,
                fin=debut + duree,
                statut=Statut.PREVU,
            )
            for agent, debut in pris
        )
