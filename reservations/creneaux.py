"""Free slots: the one function that the public pages display and that every booking re-checks.

One SQL query gives the free pieces: each ouverture of the plages of the motifs asked, minus what occupies its agent
(absences and live rendez-vous of every structure). A piece is cut in steps of the motif's duration from its own start,
so the grid never moves with the clock; both bounds of the window hold to the minute, included
(`shared/cas/README.md`, "Rules"). Neighbouring ouvertures are never merged.

A plage may ask for a pause after each rendez-vous taken on it. It spaces nothing on an empty day: it is part of what
a rendez-vous already taken occupies, and it must fit before the next one, after the plage's end if need be. An absence
may begin during a pause: nobody waits for the agent then.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import psycopg
from django.db import connection
from psycopg.types.numeric import Int8

from motifs.models import Motif
from reservations.models import STATUTS_OCCUPANTS

# The first slots of more motifs than this are looked for in two steps, each planned for what it asks.
PEU_DE_MOTIFS, BIENTOT = 50, timedelta(weeks=2)
UN_INSTANT = timedelta(microseconds=1)  # between two windows: they include both their ends


class Demande(NamedTuple):
    """Slots of a motif that start between `au_plus_tot` and `au_plus_tard` (UTC, both included)."""

    motif: Motif
    au_plus_tot: datetime
    au_plus_tard: datetime

    def en_deux_temps(self) -> tuple["Demande", "Demande | None"]:
        """Return its first two weeks, where most have something, and what comes after them, None when nothing does."""
        borne = self.au_plus_tot + BIENTOT
        if borne >= self.au_plus_tard:
            return self, None
        return Demande(self.motif, self.au_plus_tot, borne), Demande(self.motif, borne, self.au_plus_tard)


class Creneau(NamedTuple):
    """A free slot of one agent: computed, never stored. Times are UTC.

    A tuple, because a page makes thousands of them: it is compared and hashed in C. A motif has a lieu in all its slots
    or in none, so two slots always compare.
    """

    debut: datetime
    agent_id: int
    motif_id: int
    lieu_id: int | None
    fin: datetime
    pause: int = 0  # minutes that the rendez-vous would keep free after it


_en_creneau = partial(tuple.__new__, Creneau)  # of a tuple of its values: half the time of Creneau(*values)


def decouper(
    premier: datetime, fin: datetime, duree: timedelta, au_plus_tard: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the slots of a free piece: from `premier`, one every `duree`, while the slot ends by `fin`.

    ::

        premier                    fin
        |--duree--|--duree--|--.....|      two slots; a third would end after `fin`
    """
    debut = premier
    while debut <= au_plus_tard and (suivant := debut + duree) <= fin:
        yield debut, suivant
        debut = suivant


# Only a rendez-vous on site has a lieu. The statuses are written in the text, not passed: the partial index of the
# constraint must match them.
_OCCUPANTS = ", ".join(f"'{statut.value}'" for statut in STATUTS_OCCUPANTS)

# `premier` is the first point of the piece's own grid that is not before the window. A piece may begin before the
# window and its grid with it, hence the margin on what occupies the agents: an ouverture lasts under 25 hours (the
# night when clocks go back), a pause two at most. The pause of a plage makes each rendez-vous begin that much earlier
# for it: no slot may end meanwhile.
#
# How it is written is measured (docs/performance.md). Single values looked up by subqueries, not joins: the order of
# joins is what planning spends its time on, and planning was half of the whole. The plages are looked up motif by motif
# and one by one (LATERAL, OFFSET 0): a plan kept for any number of motifs would read the whole table, as any plan would
# a small one. MATERIALIZED: else what occupies an agent is computed again for each of their plages. A rendez-vous lasts
# a day and a pause at most, an ouverture 25 hours: their B-trees are read from there (BETWEEN), a search of a GiST
# index takes four times as long. An ouverture that is all taken is seen by dichotomy (<@), a subtraction would read all
# of what is taken. The grid is computed only for a piece that begins before the window, and once (OFFSET 0).
_MORCEAUX = f"""
WITH demande AS (
    SELECT * FROM unnest(
        %(motifs)s::bigint[], %(durees)s::interval[], %(tots)s::timestamptz[], %(tards)s::timestamptz[],
        %(sur_place)s::boolean[]
    ) WITH ORDINALITY AS d(motif_id, duree, tot, tard, sur_place, rang)
), plage AS MATERIALIZED (
    SELECT d.*, p.id AS plage_id, p.agent_id, p.pause, CASE WHEN d.sur_place THEN p.lieu_id END AS lieu_id
    FROM demande d
    CROSS JOIN LATERAL (
        SELECT pm.plageouverture_id FROM plages_plageouverture_motifs pm WHERE pm.motif_id = d.motif_id OFFSET 0
    ) pm
    CROSS JOIN LATERAL (SELECT p.* FROM plages_plageouverture p WHERE p.id = pm.plageouverture_id OFFSET 0) p
    WHERE (%(agents)s::bigint[] IS NULL OR p.agent_id = ANY(%(agents)s))
      AND (%(lieux)s::bigint[] IS NULL OR p.lieu_id = ANY(%(lieux)s))
      AND (%(trouves)s::text[] IS NULL
           OR d.motif_id || '/' || CASE WHEN d.sur_place THEN p.lieu_id ELSE 0 END <> ALL(%(trouves)s))
      AND (SELECT a.is_active FROM structures_agent a WHERE a.id = p.agent_id)
      AND (SELECT true FROM structures_appartenance m
           WHERE m.agent_id = p.agent_id AND m.structure_id = p.structure_id)
      AND (NOT d.sur_place OR (SELECT l.ouvert FROM structures_lieu l WHERE l.id = p.lieu_id))
), occupation AS MATERIALIZED (
    SELECT a.agent_id, a.pause, coalesce(o.occupe, '{{}}') AS occupe
    FROM (SELECT agent_id, pause, min(tot) - interval '27 hours' AS tot, max(tard) + interval '27 hours' AS tard
          FROM plage GROUP BY agent_id, pause) a
    CROSS JOIN LATERAL (
        SELECT range_agg(x.periode) AS occupe FROM (
            SELECT i.periode FROM plages_indisponibilite i
            WHERE i.agent_id = a.agent_id AND i.periode && tstzrange(a.tot, a.tard) AND %(absences)s
            UNION ALL
            SELECT CASE a.pause WHEN 0 THEN r.periode
                   ELSE tstzrange(r.debut - make_interval(mins => a.pause), upper(r.periode)) END
            FROM reservations_rendezvous r
            WHERE r.agent_id = a.agent_id AND r.debut BETWEEN a.tot - interval '26 hours' AND a.tard
              AND r.statut IN ({_OCCUPANTS}) AND %(rendez_vous)s
              AND (r.expire_a IS NULL
                   OR r.expire_a > %(maintenant)s AND (%(visiteur)s = '' OR r.visiteur <> %(visiteur)s))
              AND r.id <> %(sauf)s
        ) x
    ) o
), plage_occupee AS MATERIALIZED (
    SELECT * FROM plage JOIN occupation USING (agent_id, pause)
), morceau AS (
    SELECT p.rang, p.motif_id, p.lieu_id, p.agent_id, p.pause, f.premier, upper(libre.piece) AS fin
    FROM plage_occupee p
    CROSS JOIN LATERAL (
        SELECT o.periode FROM plages_ouverture o
        WHERE o.plage_id = p.plage_id AND o.periode && tstzrange(p.tot, p.tard, '[]') AND NOT o.periode <@ p.occupe
          AND o.periode BETWEEN tstzrange(p.tot - interval '25 hours', p.tot) AND tstzrange(p.tard, NULL)
    ) o
    CROSS JOIN LATERAL (SELECT unnest(tstzmultirange(o.periode) - p.occupe) AS piece) AS libre
    CROSS JOIN LATERAL (
        SELECT CASE WHEN lower(libre.piece) >= p.tot THEN lower(libre.piece)
               ELSE lower(libre.piece) + p.duree * ceil(
                   extract(epoch FROM p.tot - lower(libre.piece)) / extract(epoch FROM p.duree)
               )::float8 END AS premier
        OFFSET 0
    ) f
    WHERE f.premier <= p.tard AND f.premier + p.duree <= upper(libre.piece)
)
"""  # noqa: S608
# Agents often have the same free pieces: each comes, and is cut, once. In this order the slots come nearly sorted.
_TOUS = (
    _MORCEAUX
    + "SELECT rang, lieu_id, array_agg(agent_id ORDER BY agent_id), premier, fin, pause "
    + "FROM morceau GROUP BY rang, premier, fin, lieu_id, pause ORDER BY rang, premier, fin, lieu_id, pause"
)
_PREMIERS = (
    _MORCEAUX
    + "SELECT DISTINCT ON (motif_id, lieu_id) rang, lieu_id, agent_id, premier, fin, pause "
    + "FROM morceau ORDER BY motif_id, lieu_id, premier, agent_id, pause DESC"
)


def creneaux_libres(
    demandes: Sequence[Demande],
    *,
    maintenant: datetime,
    agents: Collection[int] | None = None,
    lieux: Collection[int] | None = None,
    visiteur: str = "",
    sauf: int = 0,
) -> list[Creneau]:
    """Return the free slots asked, of every agent, sorted by start then agent. One query.

    agents, lieux: only theirs (None: all). visiteur: whose own options do not count, so that "back" shows their slot
    again. sauf: a rendez-vous that does not count (the one being moved).
    """
    libres: list[tuple[datetime, int, int, int | None, datetime, int]] = []
    lignes = _executer(_TOUS, demandes, maintenant, agents, lieux, visiteur, sauf)
    for demande, lieu, agents_libres, premier, fin, pause in lignes:
        motif = demande.motif.pk
        grille = decouper(premier, fin, demande.motif.delta, demande.au_plus_tard)
        libres += [(debut, agent, motif, lieu, suivant, pause) for debut, suivant in grille for agent in agents_libres]
    libres.sort()
    # Two plages of one agent may overlap (a warning, not an error), and two windows: the same slot is said once, with
    # the longest of the pauses that fit, which comes last. Agents are compared first: slices only where they are one.
    uniques = [ici for ici, suivant in pairwise(libres) if ici[1] != suivant[1] or ici[:5] != suivant[:5]] + libres[-1:]
    return list(map(_en_creneau, uniques))


def premier_debut(
    demande: Demande,
    retenu: Callable[[datetime], bool],
    *,
    maintenant: datetime,
    agents: Collection[int] | None = None,
    lieux: Collection[int] | None = None,
    visiteur: str = "",
    sauf: int = 0,
) -> datetime | None:
    """Return the first free start that `retenu` keeps, as far as the request goes. One query.

    A piece is cut no further than the best start found: a year of many agents is read without making its slots.
    """
    premier = None
    duree, tard = demande.motif.delta, demande.au_plus_tard
    for _, _, _, debut, fin, _ in _executer(_TOUS, [demande], maintenant, agents, lieux, visiteur, sauf):
        candidats = (candidat for candidat, _ in decouper(debut, fin, duree, premier or tard))
        premier = next(filter(retenu, candidats), premier)
    return premier


def premiers_creneaux(
    demandes: Sequence[Demande],
    *,
    maintenant: datetime,
    agents: Collection[int] | None = None,
    lieux: Collection[int] | None = None,
    visiteur: str = "",
    sauf: int = 0,
    absences: bool = True,
    rendez_vous: bool = True,
) -> list[Creneau]:
    """Return the first free slot of each (motif, lieu) that has one, sorted by start. One query, two for many motifs:
    most have something within two weeks, and only the others are looked for any further.

    absences, rendez_vous: False to ask what would be free without them, and so tell why nothing is.
    """

    def chercher(fenetres: Sequence[Demande], deja: Sequence[Creneau] = ()) -> list[Creneau]:
        lignes = _executer(
            _PREMIERS,
            fenetres,
            maintenant,
            agents,
            lieux,
            visiteur,
            sauf,
            absences=absences,
            rendez_vous=rendez_vous,
            trouves=[f"{c.motif_id}/{c.lieu_id or 0}" for c in deja],
        )
        return [
            Creneau(premier, agent, demande.motif.pk, lieu, premier + demande.motif.delta, pause)
            for demande, lieu, agent, premier, _, pause in lignes
        ]

    if len(demandes) <= PEU_DE_MOTIFS:
        return sorted(chercher(demandes))
    coupees = [demande.en_deux_temps() for demande in demandes]
    proches = chercher([bientot for bientot, _ in coupees])
    return sorted(proches + chercher([ensuite for _, ensuite in coupees if ensuite], proches))


def demande_du_public(
    motif: Motif, *, maintenant: datetime, du: datetime | None = None, au: datetime | None = None
) -> Demande:
    """Return what the public may book of a motif: its delays, narrowed to `du`–`au` (UTC, both included) if given."""
    tot, tard = motif.fenetre_du_public(maintenant)
    return Demande(motif, max(tot, du) if du else tot, min(tard, au) if au else tard)


def _executer(
    requete: str,
    demandes: Sequence[Demande],
    maintenant: datetime,
    agents: Collection[int] | None,
    lieux: Collection[int] | None,
    visiteur: str,
    sauf: int,
    *,
    absences: bool = True,
    rendez_vous: bool = True,
    trouves: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    utiles = [d for d in demandes if d.au_plus_tot <= d.au_plus_tard]
    if not utiles:
        return []
    peu = len(utiles) <= PEU_DE_MOTIFS
    with closing(_curseur_prepare()) if peu else connection.cursor() as curseur:
        curseur.execute(
            requete,
            {
                "motifs": _tableau(d.motif.pk for d in utiles),
                "durees": _tableau(f"{d.motif.duree} min" for d in utiles),
                "tots": _tableau(d.au_plus_tot for d in utiles),
                "tards": _tableau(d.au_plus_tard for d in utiles),
                "sur_place": _tableau(d.motif.sur_place for d in utiles),
                "trouves": _tableau(trouves) if trouves else None,
                "agents": None if agents is None else _tableau(agents),
                "lieux": None if lieux is None else _tableau(lieux),
                "maintenant": maintenant,
                "visiteur": visiteur,
                "sauf": Int8(sauf),
                "absences": absences,
                "rendez_vous": rendez_vous,
            },
        )
        return [(utiles[rang - 1], *reste) for rang, *reste in curseur.fetchall()]


class _Curseur(psycopg.Cursor[Any]):
    """Binary answers: reading dates written in words took as long as cutting the pieces."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> "_Curseur":
        return super().execute(query, params, prepare=True, binary=True)


def _curseur_prepare() -> Any:
    """Return a cursor that sends the query apart from its values, which Django's own does not: so that PostgreSQL plans
    it once a connection (`plan_cache_mode`, in the settings). Planning took longer than most answers.
    """
    connection.ensure_connection()
    curseur: Any = _Curseur(connection.connection)
    return connection.make_debug_cursor(curseur) if connection.queries_logged else connection.make_cursor(curseur)


def _tableau(valeurs: Iterable[object]) -> str:
    """Return an array as PostgreSQL writes it, of values that need no quotes: psycopg would look at each in Python, a
    third of the time of every place, and prepare a statement for each size of key."""
    return f"{{{','.join(map(str, valeurs))}}}"
