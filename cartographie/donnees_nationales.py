"""A base of the whole country, to measure: real places, invented agents, and a year on each side of today.

The same seed on the same day writes the same base, rows and identifiers. Everything is written with COPY, in one
transaction, under the constraints of the real tables: a double booking would stop it. The foreign keys, unique
constraints and indexes of the large tables are taken away and made again around the load, in that transaction.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, cycle, islice
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.color import no_style
from django.db import connection, models, transaction
from psycopg import sql

from cartographie import standard
from cartographie.fichiers import Ligne, lire_csv
from cartographie.services import importer_lieux
from motifs.models import Motif, TypeLieu
from plages.feries import feries
from plages.models import Absence, Indisponibilite, Ouverture, PlageOuverture
from plages.recurrence import Frequence, Occurrence, Regle, developper
from plages.services import HORIZON
from reservations.models import STATUTS_ANNULES, Apprenant, Participation, RendezVous, Statut
from structures.fuseaux import TERRITOIRES_FERIES
from structures.models import Agent, Appartenance, Lieu, Role, Structure

DONNEES = Path(__file__).parent / "donnees"
# What was written here is recognised by its addresses, which belong to nobody.
DOMAINE = "@donnees-nationales.invalid"
ANNEE = timedelta(days=365)
APPRENANTS_PAR_AGENT = 60
PRENOMS = (
    "Jeanne",
    "Ahmed",
    "Simone",
    "Paul",
    "Fatou",
    "Robert",
    "Thi",
    "Yvette",
    "Manuel",
    "Odette",
    "Karim",
    "Lucie",
)
NOMS = ("Perrin", "Kaci", "Vidal", "Arnaud", "Diallo", "Chastel", "Nguyen", "Blanchon", "Ferreira", "Haddad", "Faure")

INDIVIDUEL, DEMARCHES, TELEPHONE = range(3)
MOTIFS = (
    ("Accompagnement individuel", 60, TypeLieu.SUR_PLACE, "#99CC99"),
    ("Aide aux démarches en ligne", 30, TypeLieu.SUR_PLACE, "#4A86E8"),
    ("Question rapide par téléphone", 30, TypeLieu.TELEPHONE, "#CC8B3C"),
)
# What became of the past, in percent.
PASSES = ((Statut.HONORE, 80), (Statut.ABSENT, 10), (Statut.EXCUSE, 6), (Statut.ANNULE, 4))
# The coming weeks are nearly full, the coming months nearly empty.
REMPLISSAGE_DEMAIN, REMPLISSAGE_MINIMUM, BAISSE_PAR_JOUR = 0.8, 0.01, 0.02
JOURS_RESERVES = 92

Suivre = Callable[[str, Iterable[tuple], int], Iterable[tuple]]


class DonneesReelles(Exception):
    """The base holds agents or structures that were not written here: nothing is touched."""


class TropDePasse(Exception):
    """These agents did not open enough time for that many rendez-vous."""


@dataclass(frozen=True)
class _Plage:
    """A weekly plage of an agent; its days follow the agent's own first day."""

    titre: str
    jours: tuple[int, ...]
    debut: time
    fin: time
    motifs: tuple[int, ...]
    pause: int = 0


PLAGES = (
    _Plage("Permanence du matin", (0, 2), time(9), time(12), (INDIVIDUEL, DEMARCHES)),
    _Plage("Permanence de l'après-midi", (1,), time(14), time(17), (INDIVIDUEL,), pause=15),
    _Plage("Au téléphone", (3,), time(9), time(12), (TELEPHONE,)),
)


@dataclass(frozen=True)
class _Absence:
    """An absence of an agent; `dans` days from today, shifted by the agent's number."""

    titre: str
    dans: int
    nuits: int
    frequence: Frequence = Frequence.UNIQUE
    rangs: tuple[tuple[int, int], ...] = ()


ABSENCES = (
    _Absence("Congés", -120, 11),
    _Absence("Congés", 30, 11),
    _Absence("Formation", 75, 2),
    _Absence("Réunion du réseau", -364, 0, Frequence.MOIS, ((4, 1),)),
)


@dataclass(frozen=True)
class _Creneau:
    """A time that may have been booked: the plage's rank, local date, UTC bounds as PostgreSQL reads them."""

    plage: int
    jour: date
    debut: str
    fin: str
    veille: str
    dans: int  # days from now, negative in the past


@dataclass
class Pays:
    """What the rows are made of. Identifiers are given here: those of an agent's things follow from the agent's."""

    maintenant: datetime
    graine: int
    structures: list[Structure]
    # For each agent, in order: the rank of their structure.
    affectations: list[int]
    lieux: list[list[int]] = field(default_factory=list)

    @property
    def premier_lundi(self) -> date:
        jour = (self.maintenant - ANNEE).date()
        return jour - timedelta(days=jour.weekday())

    def agents(self) -> Iterator[tuple[int, int]]:
        """Yield (number of the agent from 0, rank of their structure)."""
        return enumerate(self.affectations)

    def lieu(self, agent: int, plage: int) -> int | None:
        """Return the place of one of their plages: those of the structure, in turn. None by telephone."""
        siens = self.lieux[self.affectations[agent]]
        return None if TELEPHONE in PLAGES[plage].motifs else siens[(agent + plage) % len(siens)]

    def regle(self, agent: int, plage: int) -> Regle:
        modele = PLAGES[plage]
        jours = tuple(sorted((agent + jour) % 5 + 1 for jour in modele.jours))
        return Regle(
            premier_jour=self.premier_lundi,
            debut=modele.debut,
            fin=modele.fin,
            frequence=Frequence.SEMAINE,
            jours=jours,
        )

    def regle_d_absence(self, agent: int, absence: int) -> Regle:
        modele = ABSENCES[absence]
        return Regle(
            premier_jour=self.maintenant.date() + timedelta(days=modele.dans + agent % 20),
            debut=time(8) if modele.nuits else time(9),
            fin=time(19) if modele.nuits else time(12),
            frequence=modele.frequence,
            rangs=modele.rangs,
            jours_de_suite=modele.nuits,
        )

    def developper(self, regle: Regle, structure: int, *, fermes: bool = True) -> tuple[Occurrence, ...]:
        """Return the occurrences of a rule from a year ago to the horizon."""
        chez = self.structures[structure]
        # The metropolitan départements share their holidays, and so what is computed here once.
        territoire = chez.departement if chez.departement in TERRITOIRES_FERIES else ""
        return _developper(regle, chez.fuseau, territoire if fermes else None, self.maintenant)

    def absents(self, agent: int, structure: int) -> frozenset[date]:
        jours: set[date] = set()
        for n in range(len(ABSENCES)):
            jours |= _jours_absents(self.developper(self.regle_d_absence(agent, n), structure, fermes=False))
        return frozenset(jours)

    def creneaux(self, agent: int, structure: int) -> tuple[_Creneau, ...]:
        """Return the times that the agent's plages offer, past and to come, in order."""
        tout = [
            c
            for n in range(len(PLAGES))
            for c in _creneaux(n, self.developper(self.regle(agent, n), structure), self.maintenant)
        ]
        absents = self.absents(agent, structure)
        return tuple(c for c in tout if c.jour not in absents)

    def hasard(self, agent: int, usage: str) -> Random:
        return Random(f"{self.graine}/{agent}/{usage}")  # noqa: S311 nothing secret, the same each time


@lru_cache(maxsize=4096)
def _developper(regle: Regle, fuseau: str, territoire: str | None, maintenant: datetime) -> tuple[Occurrence, ...]:
    du, au = (maintenant - ANNEE).date(), (maintenant + HORIZON).date()
    fermes = feries(territoire, du, au) if territoire is not None else ()
    return tuple(developper(regle, ZoneInfo(fuseau), apres=maintenant - ANNEE, horizon=au, feries=fermes).occurrences)


@lru_cache(maxsize=4096)
def _jours_absents(occurrences: tuple[Occurrence, ...]) -> frozenset[date]:
    return frozenset(o.jour + timedelta(days=n) for o in occurrences for n in range((o.fin - o.debut).days + 1))


@lru_cache(maxsize=4096)
def _creneaux(plage: int, occurrences: tuple[Occurrence, ...], maintenant: datetime) -> tuple[_Creneau, ...]:
    """Cut the occurrences of a plage in rendez-vous of its first motif, each followed by the pause."""
    modele = PLAGES[plage]
    duree = timedelta(minutes=MOTIFS[modele.motifs[0]][1])
    resultat = []
    for occurrence in occurrences:
        debut = occurrence.debut
        while (fin := debut + duree) <= occurrence.fin:
            veille = (debut - timedelta(days=1)).isoformat()
            dans = (debut - maintenant).days
            if not debut <= maintenant <= fin:
                resultat.append(_Creneau(plage, occurrence.jour, debut.isoformat(), fin.isoformat(), veille, dans))
            debut = fin + timedelta(minutes=modele.pause)
    return tuple(resultat)


def _sans_suivi(_nom: str, lignes: Iterable[tuple], _total: int) -> Iterable[tuple]:
    return lignes


def charger(*, agents: int, passe: int, graine: int, maintenant: datetime, suivre: Suivre = _sans_suivi) -> Pays:
    """Empty the base of what was written here before, and write a country: so many agents, so many past rendez-vous.

    Raises DonneesReelles, TropDePasse.
    """
    maintenant = maintenant.astimezone(UTC).replace(second=0, microsecond=0)
    refuser_les_donnees_reelles()
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute("SET LOCAL statement_timeout = 0")
        tables = [modele._meta.db_table for modele in (Structure, Agent, Motif, PlageOuverture, Apprenant, RendezVous)]
        curseur.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        with _sans_index(curseur, [Ouverture, Indisponibilite, Apprenant, RendezVous, Participation], suivre):
            pays = _importer(agents, graine, maintenant)
            _ecrire_les_agents(curseur, pays, suivre)
            _ecrire_les_plages(curseur, pays, suivre)
            _ecrire_les_absences(curseur, pays, suivre)
            _ecrire_les_apprenants(curseur, pays, suivre)
            _ecrire_rendez_vous(curseur, pays, _a_venir(pays), premier=1, suivre=suivre, total=0)
            ajouter_passe(pays, passe, suivre=suivre)
        analyser()
    return pays


def analyser() -> None:
    """Tell the planner of the rows just written. Our tables only: those that the server shares between its databases
    would be locked for all of them until the end of a transaction."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as curseur:
        curseur.execute(f"ANALYZE {', '.join(map(connection.ops.quote_name, tables))}")


def ajouter_passe(pays: Pays, nombre: int, *, suivre: Suivre = _sans_suivi) -> None:
    """Write so many past rendez-vous in a country that has none. Raises TropDePasse."""
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute("SET LOCAL statement_timeout = 0")
        premier = 1 + (RendezVous.objects.aggregate(dernier=models.Max("pk"))["dernier"] or 0)
        with _sans_index(curseur, [RendezVous, Participation], suivre):
            _ecrire_rendez_vous(curseur, pays, _passes(pays, nombre), premier=premier, suivre=suivre, total=nombre)
        for requete in connection.ops.sequence_reset_sql(no_style(), _MODELES):
            curseur.execute(requete)


# Not what excludes double bookings: verifying it again costs more than keeping it, while this process makes the rows.
_CONTRAINTES = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u')
    ORDER BY contype = 'f' DESC, conrelid, conname
"""
_INDEX = """
    SELECT format('DROP INDEX %%s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index i WHERE indrelid = ANY(%s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
    ORDER BY i.indexrelid::regclass::text
"""


@contextmanager
def _sans_index(curseur: Any, modeles: Sequence[type[models.Model]], suivre: Suivre) -> Iterator[None]:
    """Take away the foreign keys and indexes of these tables, but their primary keys, and make them again at the end.

    An index made at once is sorted, not split a hundred thousand times; a foreign key is one join, not a query a row.
    Whatever fails undoes the transaction of the caller, and with it what was taken away.
    """
    tables = [modele._meta.db_table for modele in modeles]
    # What deferred constraints have to verify yet would forbid to change their tables.
    curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")
    otes = [ordre for requete in (_CONTRAINTES, _INDEX) for ordre in curseur.execute(requete, [tables]).fetchall()]
    for oter, _ in otes:
        curseur.execute(oter)
    yield
    curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")
    curseur.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for _, remettre in suivre("index", otes[::-1], len(otes)):
        curseur.execute(remettre)


_MODELES: list[type[models.Model]] = [
    Agent,
    Appartenance,
    Motif,
    PlageOuverture,
    PlageOuverture.motifs.through,
    Ouverture,
    Absence,
    Indisponibilite,
    Apprenant,
    RendezVous,
    Participation,
]


def refuser_les_donnees_reelles() -> None:
    """Raise DonneesReelles when an agent or a structure comes from elsewhere."""
    if (
        Agent.objects.exclude(courriel__endswith=DOMAINE).exists()
        or Structure.objects.exclude(courriel__endswith=DOMAINE).exists()
    ):
        raise DonneesReelles


def _importer(agents: int, graine: int, maintenant: datetime) -> Pays:
    """Import the places of as many structures as the agents need, through the import itself.

    A structure has as many agents as the directory counts helpers; once all are there, each gets more.
    """
    rattachements, _, _ = standard.analyser_rattachements(
        _lignes("nationaux-structures.csv.gz", ("id_lieu", "id_structure"), ("nombre_aidants",))
    )
    aidants: dict[str, int] = {}
    for r in rattachements.values():
        aidants[r.id_structure] = max(aidants.get(r.id_structure, 1), r.nombre_aidants or 1)
    places = cycle([cle for cle, nombre in aidants.items() for _ in range(nombre)])
    prises = list(islice(places, agents))
    ouvertes = set(prises)
    choisis = {cle: r for cle, r in rattachements.items() if r.id_structure in ouvertes}
    lieux = [
        ligne
        for ligne in _lignes("nationaux-lieux.csv.gz", standard.OBLIGATOIRES, standard.COLONNES)
        if ligne.valeurs.get("id") in choisis
    ]
    importer_lieux(lignes=lieux, structures=choisis)
    hasard = Random(f"{graine}/structures")  # noqa: S311
    structures = list(Structure.objects.order_by("pk"))
    for structure in structures:
        structure.courriel = f"structure-{structure.pk}{DOMAINE}"
        structure.lien = f"{hasard.getrandbits(128):032x}"
        structure.cree_le = maintenant - ANNEE
    Structure.objects.bulk_update(structures, ["courriel", "lien", "cree_le"], batch_size=500)
    rang = {structure.id_externe: n for n, structure in enumerate(structures)}
    pays = Pays(maintenant, graine, structures, sorted(rang[cle] for cle in prises if cle in rang))
    siens: dict[int, list[int]] = {}
    for lieu, structure_id in Lieu.objects.order_by("pk").values_list("pk", "structure_id"):
        siens.setdefault(structure_id, []).append(lieu)
    pays.lieux = [siens[structure.pk] for structure in structures]
    return pays


def _lignes(nom: str, obligatoires: Sequence[str], connues: Sequence[str]) -> list[Ligne]:
    contenu = gzip.decompress((DONNEES / nom).read_bytes())
    return lire_csv(contenu, obligatoires=obligatoires, connues=connues).lignes


def copier(
    curseur: Any, modele: type[models.Model], champs: Sequence[str], lignes: Iterable[tuple], **constantes: Any
) -> None:
    """Write rows with COPY. What is not in `champs` is a constant: the one given, else the default of the model."""
    colonnes = [c for c in modele._meta.concrete_fields if not c.generated and c.attname not in champs]
    autres = tuple(c.get_db_prep_save(constantes.get(c.attname, c.get_default()), connection) for c in colonnes)
    noms = [*champs, *(c.attname for c in colonnes)]
    requete = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(modele._meta.db_table), sql.SQL(", ").join([sql.Identifier(nom) for nom in noms])
    )
    with curseur.copy(requete) as copie:
        for ligne in lignes:
            copie.write_row((*ligne, *autres))


def _ecrire_les_agents(curseur: Any, pays: Pays, suivre: Suivre) -> None:
    nombre = len(pays.affectations)
    il_y_a_un_an = pays.maintenant - ANNEE
    copier(
        curseur,
        Agent,
        ("id", "courriel", "prenom", "nom"),
        suivre(
            "agents",
            ((n + 1, f"agent-{n + 1}{DOMAINE}", PRENOMS[n % len(PRENOMS)], NOMS[n % len(NOMS)]) for n in range(nombre)),
            nombre,
        ),
        password="!",  # noqa: S106 nobody signs in
        cree_le=il_y_a_un_an,
    )
    premiers = {structure: agent for agent, structure in reversed(list(pays.agents()))}
    copier(
        curseur,
        Appartenance,
        ("id", "agent_id", "structure_id", "role"),
        (
            (n + 1, n + 1, pays.structures[s].pk, Role.ADMIN.value if premiers[s] == n else Role.BASIQUE.value)
            for n, s in pays.agents()
        ),
    )
    copier(
        curseur,
        Motif,
        ("id", "structure_id", "nom", "duree", "type_lieu", "couleur"),
        (
            (motif_de(s, m), structure.pk, nom, duree, type_lieu.value, couleur)
            for s, structure in enumerate(pays.structures)
            for m, (nom, duree, type_lieu, couleur) in enumerate(MOTIFS)
        ),
        reservable_en_ligne=True,
        cree_le=il_y_a_un_an,
    )


def motif_de(structure: int, motif: int) -> int:
    """Return the id of a motif of the structure of that rank."""
    return structure * len(MOTIFS) + motif + 1


def _ecrire_les_plages(curseur: Any, pays: Pays, suivre: Suivre) -> None:
    toutes = [(n, s, p) for n, s in pays.agents() for p in range(len(PLAGES))]

    def regle(n: int, p: int) -> tuple[Any, ...]:
        r = pays.regle(n, p)
        return r.premier_jour, r.debut, r.fin, r.frequence.value, list(r.jours)

    copier(
        curseur,
        PlageOuverture,
        (
            *("id", "structure_id", "agent_id", "lieu_id", "titre", "pause"),
            *("premier_jour", "heure_debut", "heure_fin", "frequence", "jours"),
        ),
        (
            (
                *(i, pays.structures[s].pk, n + 1, pays.lieu(n, p), PLAGES[p].titre, PLAGES[p].pause),
                *regle(n, p),
            )
            for i, (n, s, p) in enumerate(toutes, 1)
        ),
        cree_le=pays.maintenant - ANNEE,
    )
    liens = ((i, motif_de(s, m)) for i, (_, s, p) in enumerate(toutes, 1) for m in PLAGES[p].motifs)
    copier(
        curseur,
        PlageOuverture.motifs.through,
        ("id", "plageouverture_id", "motif_id"),
        ((n, *lien) for n, lien in enumerate(liens, 1)),
    )
    par_plage = [_periodes(pays.developper(pays.regle(n, p), s)) for n, s, p in toutes]
    ouvertures = ((plage, *periode) for plage, periodes in enumerate(par_plage, 1) for periode in periodes)
    copier(
        curseur,
        Ouverture,
        ("id", "plage_id", "jour", "periode"),
        suivre("ouvertures", ((i, *o) for i, o in enumerate(ouvertures, 1)), sum(map(len, par_plage))),
    )


@lru_cache(maxsize=4096)
def _periodes(occurrences: tuple[Occurrence, ...]) -> tuple[tuple[date, str], ...]:
    return tuple((o.jour, f"[{o.debut.isoformat()},{o.fin.isoformat()})") for o in occurrences)


def _ecrire_les_absences(curseur: Any, pays: Pays, suivre: Suivre) -> None:
    toutes = [(n, s, a, pays.regle_d_absence(n, a)) for n, s in pays.agents() for a in range(len(ABSENCES))]
    copier(
        curseur,
        Absence,
        (
            *("id", "structure_id", "agent_id", "titre"),
            *("premier_jour", "dernier_jour", "heure_debut", "heure_fin", "frequence", "rangs"),
        ),
        (
            (
                *(i, pays.structures[s].pk, n + 1, ABSENCES[a].titre),
                *(r.premier_jour, r.premier_jour + timedelta(days=r.jours_de_suite), r.debut, r.fin),
                *(r.frequence.value, str([list(paire) for paire in r.rangs])),
            )
            for i, (n, s, a, r) in enumerate(toutes, 1)
        ),
        cree_le=pays.maintenant - ANNEE,
    )
    lignes = (
        (i, n + 1, *periode)
        for i, (n, s, a, r) in enumerate(toutes, 1)
        for periode in _periodes(pays.developper(r, s, fermes=False))
    )
    copier(
        curseur,
        Indisponibilite,
        ("id", "absence_id", "agent_id", "jour", "periode"),
        suivre("absences", ((i, *ligne) for i, ligne in enumerate(lignes, 1)), 0),
    )


def _ecrire_les_apprenants(curseur: Any, pays: Pays, suivre: Suivre) -> None:
    copier(
        curseur,
        Apprenant,
        ("id", "structure_id", "prenom", "nom", "courriel"),
        suivre(
            "personnes",
            (
                (
                    *(i, pays.structures[s].pk, PRENOMS[i % len(PRENOMS)], NOMS[i % len(NOMS)]),
                    f"personne-{i}{DOMAINE}",
                )
                for n, s in pays.agents()
                for i in range(n * APPRENANTS_PAR_AGENT + 1, (n + 1) * APPRENANTS_PAR_AGENT + 1)
            ),
            len(pays.affectations) * APPRENANTS_PAR_AGENT,
        ),
        cree_le=pays.maintenant - ANNEE,
    )


@dataclass(frozen=True)
class _Pris:
    """A rendez-vous to write."""

    agent: int
    structure: int
    creneau: _Creneau
    statut: Statut
    hasard: Random


def _a_venir(pays: Pays) -> Iterator[_Pris]:
    for n, s in pays.agents():
        hasard = pays.hasard(n, "à venir")
        for creneau in pays.creneaux(n, s):
            if not 0 <= creneau.dans <= JOURS_RESERVES:
                continue
            chance = max(REMPLISSAGE_MINIMUM, REMPLISSAGE_DEMAIN - BAISSE_PAR_JOUR * creneau.dans)
            if hasard.random() < chance:
                yield _Pris(n, s, creneau, Statut.PREVU, hasard)


def _passes(pays: Pays, nombre: int) -> Iterator[_Pris]:
    """Share the past between the agents: each has the same number, within one."""
    statuts = [statut for statut, _ in PASSES]
    bornes = list(accumulate(part for _, part in PASSES))
    quota, reste = divmod(nombre, len(pays.affectations))
    for n, s in pays.agents():
        hasard = pays.hasard(n, "passé")
        siens = quota + (n < reste)
        libres = [c for c in pays.creneaux(n, s) if c.dans < 0]
        if siens > len(libres):
            raise TropDePasse
        rangs = sorted(hasard.sample(range(len(libres)), siens))
        for rang, statut in zip(rangs, hasard.choices(statuts, cum_weights=bornes, k=siens), strict=True):
            yield _Pris(n, s, libres[rang], statut, hasard)


def _ecrire_rendez_vous(
    curseur: Any, pays: Pays, pris: Iterable[_Pris], *, premier: int, suivre: Suivre, total: int
) -> None:
    """Write rendez-vous, each of one learner of its agent."""
    personnes: list[int] = []

    def lignes() -> Iterator[tuple]:
        for i, p in enumerate(pris, premier):
            plage = PLAGES[p.creneau.plage]
            motif = plage.motifs[0]
            personnes.append(p.agent * APPRENANTS_PAR_AGENT + p.hasard.randrange(APPRENANTS_PAR_AGENT) + 1)
            yield (
                i,
                f"{p.hasard.getrandbits(128):032x}",
                f"{p.hasard.getrandbits(128):032x}",
                pays.structures[p.structure].pk,
                motif_de(p.structure, motif),
                p.agent + 1,
                pays.lieu(p.agent, p.creneau.plage),
                MOTIFS[motif][2].value,
                p.creneau.debut,
                p.creneau.fin,
                plage.pause,
                p.statut.value,
                p.creneau.veille if p.statut in STATUTS_ANNULES else None,
            )

    nom = "rendez-vous passés" if total else "rendez-vous à venir"
    copier(
        curseur,
        RendezVous,
        (
            *("id", "uid", "jeton", "structure_id", "motif_id", "agent_id", "lieu_id", "type_lieu"),
            *("debut", "fin", "pause", "statut", "annule_le"),
        ),
        suivre(nom, lignes(), total),
        cree_le=pays.maintenant - ANNEE,
    )
    copier(
        curseur,
        Participation,
        ("id", "rendez_vous_id", "apprenant_id"),
        suivre(
            "participations",
            ((i, i, personne) for i, personne in enumerate(personnes, premier)),
            len(personnes),
        ),
    )
