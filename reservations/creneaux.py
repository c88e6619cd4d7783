"""Free slots: the one function that the public pages display and that every booking re-checks.

One SQL query gives the free pieces: each ouverture of the plages of the motifs asked, minus what occupies its agent
(absences and live rendez-vous of every structure). A piece is cut in steps of the motif's duration from its own start,
so the grid never moves with the clock; both bounds of the window hold to the minute, included
(`shared/cas/README.md`, "Rules"). Neighbouring ouvertures are never merged.

A plage may ask for a pause after each rendez-vous taken on it. It spaces nothing on an empty day: it is part of what
a rendez-vous already taken occupies, and it must fit before the next one, after the plage's end if need be. An absence
may begin during a pause: nobody waits for the agent then.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg
from django.db import connection
from psycopg.types.numeric import Int8, Int8BinaryLoader

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
    duree: timedelta
    pause: int = 0  # minutes that the rendez-vous would keep free after it

    @property
    def fin(self) -> datetime:
        return self.debut + self.duree


_en_creneau = partial(tuple.__new__, Creneau)  # of a tuple of its values: half the time of Creneau(*values)


# PostgreSQL keeps and sends a time as microseconds since then. Pieces are cut on these numbers, and each is made a date
# once, however many agents have a slot then: adding and comparing dates took longer than the query.
_ORIGINE = datetime(2000, 1, 1, tzinfo=UTC)


class _Dates(dict[int, datetime]):
    """The dates of the numbers looked up."""

    def __missing__(self, nombre: int) -> datetime:
        self[nombre] = date = _ORIGINE + nombre * UN_INSTANT
        return date


def _debuts(premiers: Sequence[int], bornes: Sequence[int], duree: timedelta) -> Iterator[int]:
    """Return the starts of the slots of free pieces, each cut from its first start up to its bound, excluded.

    ::

        premier          borne     fin
        |--duree--|--duree--|--.....|      two slots: a third would end after the piece
    """
    return chain.from_iterable(map(range, premiers, bornes, repeat(duree // UN_INSTANT)))


# Only a rendez-vous on site has a lieu. The statuses are written in the text, not passed: the partial index of the
# constraint must match them.
_OCCUPANTS = ", ".join(f"'{statut.value}'" for statut in STATUTS_OCCUPANTS)


# `premier` is the first point of the piece's own grid that is not before the window, `borne` comes just after its last
# slot could begin: so that it ends with the piece, and does not begin after the window. A piece may begin before the
# window and its grid with it, hence the margin on what occupies the agents: an ouverture lasts under 25 hours (the
# night when clocks go back), a pause two at most. The pause of a plage makes each rendez-vous begin that much earlier
# for it: no slot may end meanwhile. What is taken is taken away from all the ouvertures of a plage at once; without
# their first and last instants ('()'), for two that touch would be merged.
#
# How it is written is measured (docs/performance.md). Single values looked up by subqueries, not joins: the order of
# joins is what planning spends its time on, and planning was half of the whole. The plages are looked up motif by motif
# and one by one (LATERAL, OFFSET 0): a plan kept for any number of motifs would read the whole table, as any plan would
# a small one. MATERIALIZED: else what occupies an agent is computed again for each of their plages. These follow in
# arrays, not in a join: a planner that cannot guess how many there are would compare each plage with each agent. A
# rendez-vous lasts a day and a pause at most, an ouverture 25 hours: their B-trees are read from there (BETWEEN), the
# one of absences from those that end later; a search of a GiST index takes two to four times as long. An ouverture that
# is all taken is seen by dichotomy (<@), a subtraction would read all of what is taken. The grid is computed only for a
# piece that begins before the window, and once (OFFSET 0).
def _requete(choix: str, suite: str, reponse: str) -> str:
    """Return a query on `morceau`: the free pieces of each plage, `choix` of them with `suite`, null where none is."""
    return f"""
WITH demande AS (
    SELECT * FROM unnest(
        %(motifs)s::bigint[], %(durees)s::interval[], %(tots)s::timestamptz[], %(tards)s::timestamptz[],
        %(sur_place)s::boolean[]
    ) WITH ORDINALITY AS d(motif_id, duree, tot, tard, sur_place, rang)
), plage AS (
    SELECT d.*, p.id AS plage_id, p.agent_id, p.pause, CASE WHEN d.sur_place THEN p.lieu_id END AS lieu_id
    FROM demande d
    CROSS JOIN LATERAL (
        SELECT pm.plageouverture_id FROM plages_plageouverture_motifs pm WHERE pm.motif_id = d.motif_id OFFSET 0
    ) pm
    CROSS JOIN LATERAL (SELECT p.* FROM plages_plageouverture p WHERE p.id = pm.plageouverture_id OFFSET 0) p
    WHERE (%(agents)s::bigint[] IS NULL OR p.agent_id = ANY(%(agents)s))
      AND (%(lieux)s::bigint[] IS NULL OR p.lieu_id = ANY(%(lieux)s))
      AND (SELECT a.is_active FROM structures_agent a WHERE a.id = p.agent_id)
      AND (SELECT true FROM structures_appartenance m
           WHERE m.agent_id = p.agent_id AND m.structure_id = p.structure_id)
      AND (NOT d.sur_place OR (SELECT l.ouvert FROM structures_lieu l WHERE l.id = p.lieu_id))
), agent AS MATERIALIZED (
    SELECT a.*,
           coalesce(CASE WHEN %(rendez_vous)s THEN (
               SELECT range_agg(CASE a.pause WHEN 0 THEN r.periode
                                ELSE tstzrange(r.debut - make_interval(mins => a.pause), upper(r.periode)) END)
               FROM reservations_rendezvous r
               WHERE r.agent_id = a.agent_id AND r.debut BETWEEN a.tot - interval '26 hours' AND a.tard
                 AND r.statut IN ({_OCCUPANTS})
                 AND (r.expire_a IS NULL
                      OR r.expire_a > %(maintenant)s AND (%(visiteur)s = '' OR r.visiteur <> %(visiteur)s))
                 AND r.id <> %(sauf)s
           ) END, tstzmultirange()) + coalesce(CASE WHEN %(absences)s THEN (
               SELECT range_agg(i.periode) FROM plages_indisponibilite i
               WHERE i.agent_id = a.agent_id AND upper(i.periode) > a.tot AND lower(i.periode) < a.tard
           ) END, tstzmultirange()) AS occupe
    FROM (SELECT agent_id, pause, min(tot) - interval '27 hours' AS tot, max(tard) + interval '27 hours' AS tard,
                 array_agg(rang) AS rangs, array_agg(plage_id) AS plages, array_agg(lieu_id) AS lieux,
                 array_agg(duree) AS durees, array_agg(tot) AS tots, array_agg(tard) AS tards
          FROM plage GROUP BY agent_id, pause) a
), morceau AS (
    SELECT p.rang, p.lieu_id, p.agent_id, p.pause, m.*
    FROM (
        SELECT a.agent_id, a.pause, a.occupe, unnest(a.rangs) AS rang, unnest(a.plages) AS plage_id,
               unnest(a.lieux) AS lieu_id, unnest(a.durees) AS duree, unnest(a.tots) AS tot, unnest(a.tards) AS tard
        FROM agent a
    ) p
    CROSS JOIN LATERAL (
        SELECT range_agg(tstzrange(lower(o.periode), upper(o.periode), '()')) - p.occupe AS libre
        FROM plages_ouverture o
        WHERE o.plage_id = p.plage_id AND NOT o.periode <@ p.occupe
          AND o.periode BETWEEN tstzrange(p.tot - interval '25 hours', p.tot) AND tstzrange(p.tard, NULL)
    ) o
    LEFT JOIN LATERAL (
        SELECT {choix} FROM (
            SELECT CASE WHEN lower(piece) >= p.tot THEN lower(piece)
                   ELSE lower(piece) + p.duree * ceil(
                       extract(epoch FROM p.tot - lower(piece)) / extract(epoch FROM p.duree)
                   )::float8 END AS premier, least(upper(piece) - p.duree, p.tard) + interval '1 microsecond' AS borne
            FROM (SELECT unnest(o.libre) AS piece) AS l OFFSET 0
        ) g
        WHERE g.premier < g.borne {suite}
    ) m ON true
)
{reponse}
"""  # noqa: S608


_TOUS = _requete(
    "array_agg(g.premier) AS premiers, array_agg(g.borne) AS bornes",
    "",
    "SELECT rang, lieu_id, agent_id, pause, premiers, bornes FROM morceau WHERE premiers IS NOT NULL",
)
# LIMIT: unnest gives the pieces of a plage in their order.
_PREMIERS = _requete(
    "g.premier",
    "LIMIT 1",
    "SELECT DISTINCT ON (rang, lieu_id) rang, lieu_id, agent_id, pause, premier "
    "FROM morceau ORDER BY rang, lieu_id, premier, agent_id, pause DESC",
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
    utiles, lignes = _executer(_TOUS, demandes, maintenant, agents, lieux, visiteur, sauf)
    # Two plages of one agent may overlap (a warning, not an error), and two windows: the same slot is said once, with
    # the longest of the pauses that fit.
    pauses: dict[tuple[int, int, int | None, timedelta], dict[int, int]] = {}
    for rang, lieu, agent, pause, premiers, bornes in sorted(lignes, key=itemgetter(3)):
        motif = utiles[rang - 1].motif
        siennes = pauses.setdefault((agent, motif.pk, lieu, motif.delta), {})
        siennes.update(dict.fromkeys(_debuts(premiers, bornes, motif.delta), pause))
    dates = _Dates()
    libres: list[Creneau] = []
    for (agent, motif_id, lieu, duree), siennes in sorted(pauses.items(), key=itemgetter(0)):
        libres += [_en_creneau((dates[debut], agent, motif_id, lieu, duree, pause)) for debut, pause in siennes.items()]
    libres.sort(key=itemgetter(0))
    return libres


def debuts_libres(
    demandes: Sequence[Demande],
    *,
    maintenant: datetime,
    agents: Collection[int] | None = None,
    lieux: Collection[int] | None = None,
    visiteur: str = "",
    sauf: int = 0,
) -> Iterator[datetime]:
    """Return when the slots asked start, each time once, in order: what the public chooses among. One query.

    Without the slots: they are eight times as many where ten agents receive. Dates are made as they are read.
    """
    utiles, lignes = _executer(_TOUS, demandes, maintenant, agents, lieux, visiteur, sauf)
    debuts = (_debuts(premiers, bornes, utiles[rang - 1].motif.delta) for rang, *_, premiers, bornes in lignes)
    return map(_Dates().__getitem__, sorted(set(chain.from_iterable(debuts))))


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
    dates = _Dates()
    trouves: list[Creneau] = []

    def chercher(fenetres: Sequence[Demande]) -> set[int]:
        """Add what is found; return the motifs that have nothing free in one of their lieux at least."""
        utiles, lignes = _executer(
            _PREMIERS,
            fenetres,
            maintenant,
            agents,
            lieux,
            visiteur,
            sauf,
            absences=absences,
            rendez_vous=rendez_vous,
        )
        manquent: set[int] = set()
        for rang, lieu, agent, pause, premier in lignes:
            motif = utiles[rang - 1].motif
            if premier is None:
                manquent.add(motif.pk)
            else:
                trouves.append(Creneau(dates[premier], agent, motif.pk, lieu, motif.delta, pause))
        return manquent

    beaucoup = len(demandes) > PEU_DE_MOTIFS
    coupees = [demande.en_deux_temps() if beaucoup else (demande, None) for demande in demandes]
    manquent = chercher([bientot for bientot, _ in coupees])
    chercher([ensuite for _, ensuite in coupees if ensuite and ensuite.motif.pk in manquent])
    premiers: dict[tuple[int, int | None], Creneau] = {}
    for creneau in sorted(trouves):
        premiers.setdefault((creneau.motif_id, creneau.lieu_id), creneau)
    return list(premiers.values())


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
) -> tuple[list[Demande], list[tuple[Any, ...]]]:
    """Return the requests that may have slots, and the answer, which names each by its rank among them, from 1."""
    utiles = [d for d in demandes if d.au_plus_tot <= d.au_plus_tard]
    if not utiles:
        return [], []
    valeurs: dict[str, Any] = {
        "motifs": _tableau(d.motif.pk for d in utiles),
        "durees": _tableau(f"{d.motif.duree} min" for d in utiles),
        "tots": _tableau(d.au_plus_tot for d in utiles),
        "tards": _tableau(d.au_plus_tard for d in utiles),
        "sur_place": _tableau(d.motif.sur_place for d in utiles),
        "agents": None if agents is None else _tableau(agents),
        "lieux": None if lieux is None else _tableau(lieux),
        "maintenant": maintenant,
        "visiteur": visiteur,
        "sauf": Int8(sauf),
        "absences": absences,
        "rendez_vous": rendez_vous,
    }
    connection.ensure_connection()
    with closing(_curseur()) as curseur:
        if len(utiles) <= PEU_DE_MOTIFS:
            curseur.execute(requete, valeurs)
        else:  # planned for these values
            curseur.execute(psycopg.ClientCursor(connection.connection).mogrify(requete, valeurs))
        return utiles, curseur.fetchall()


class _Curseur(psycopg.Cursor[Any]):
    """Sends a query apart from its values, which Django's own does not: so that PostgreSQL plans it once a connection
    (`plan_cache_mode`, in the settings). Planning took longer than most answers.

    Binary answers: reading dates written in words took as long as cutting the pieces.
    """

    def execute(self, query: Any, params: Any = None, **_: Any) -> "_Curseur":
        return super().execute(query, params, prepare=params is not None, binary=True)


def _curseur() -> Any:
    """Return a cursor whose answers' times are whole numbers, see `_ORIGINE`."""
    curseur: Any = _Curseur(connection.connection)
    curseur.adapters.register_loader("timestamptz", Int8BinaryLoader)
    return connection.make_debug_cursor(curseur) if connection.queries_logged else connection.make_cursor(curseur)


def _tableau(valeurs: Iterable[object]) -> str:
    """Return an array as PostgreSQL writes it, of values that need no quotes: psycopg would look at each in Python, a
    third of the time of every place, and prepare a statement for each size of key."""
    return f"{{{','.join(map(str, valeurs))}}}"
