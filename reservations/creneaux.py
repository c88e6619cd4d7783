"""Free slots: the one function that the public pages display and that every booking re-checks.

One SQL query gives the free pieces: each ouverture of the plages of the motifs asked, minus what occupies its agent
(absences and live rendez-vous of every structure). A piece is cut in steps of the motif's duration from its own start,
so the grid never moves with the clock; both bounds of the window hold to the minute, included
(`shared/cas/README.md`, "Rules"). Neighbouring ouvertures are never merged.

A plage may ask for a pause after each rendez-vous taken on it. It spaces nothing on an empty day: it is part of what
a rendez-vous already taken occupies, and it must fit before the next one, after the plage's end if need be. An absence
may begin during a pause: nobody waits for the agent then.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from motifs.models import Motif
from reservations.models import STATUTS_OCCUPANTS


@dataclass(frozen=True)
class Demande:
    """Slots of a motif that start between `au_plus_tot` and `au_plus_tard` (UTC, both included)."""

    motif: Motif
    au_plus_tot: datetime
    au_plus_tard: datetime


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


def decouper(premier: datetime, fin: datetime, duree: timedelta, au_plus_tard: datetime) -> Iterator[datetime]:
    """Yield the starts of a free piece: `premier`, then one every `duree`, while the slot ends by `fin`.

    ::

        premier                    fin
        |--duree--|--duree--|--.....|      two starts; a third would end after `fin`
    """
    debut = premier
    while debut <= au_plus_tard and debut + duree <= fin:
        yield debut
        debut += duree


# Only a rendez-vous on site has a lieu. The statuses are written in the text, not passed: the partial index of the
# constraint must match them.
_OCCUPANTS = ", ".join(f"'{statut.value}'" for statut in STATUTS_OCCUPANTS)

# `premier` is the first point of the piece's own grid that is not before the window. A piece may begin before the
# window and its grid with it, hence the margin on what occupies the agents: an ouverture lasts under 25 hours (the
# night when clocks go back), a pause two at most. The pause of a plage makes each rendez-vous begin that much earlier
# for it: no slot may end meanwhile.
_MORCEAUX = f"""
WITH demande AS (
    SELECT * FROM unnest(
        %(motifs)s::bigint[], %(durees)s::interval[], %(tots)s::timestamptz[], %(tards)s::timestamptz[]
    ) AS d(motif_id, duree, tot, tard)
), plage AS (
    SELECT d.*, p.id AS plage_id, p.agent_id, p.pause, CASE WHEN m.type_lieu = 'sur_place' THEN p.lieu_id END AS lieu_id
    FROM demande d
    JOIN motifs_motif m ON m.id = d.motif_id
    JOIN plages_plageouverture_motifs pm ON pm.motif_id = d.motif_id
    JOIN plages_plageouverture p ON p.id = pm.plageouverture_id
    JOIN structures_agent a ON a.id = p.agent_id AND a.is_active
    JOIN structures_appartenance ap ON ap.agent_id = p.agent_id AND ap.structure_id = p.structure_id
    LEFT JOIN structures_lieu l ON l.id = p.lieu_id
    WHERE (m.type_lieu <> 'sur_place' OR l.ouvert)
      AND (%(agents)s::bigint[] IS NULL OR p.agent_id = ANY(%(agents)s))
      AND (%(lieux)s::bigint[] IS NULL OR p.lieu_id = ANY(%(lieux)s))
), occupation AS (
    SELECT a.agent_id, a.pause, o.occupe
    FROM (SELECT agent_id, pause, tstzrange(min(tot) - interval '27 hours', max(tard) + interval '27 hours') AS fenetre
          FROM plage GROUP BY agent_id, pause) a
    CROSS JOIN LATERAL (
        SELECT range_agg(x.periode) AS occupe FROM (
            SELECT i.periode FROM plages_indisponibilite i
            WHERE i.agent_id = a.agent_id AND i.periode && a.fenetre AND %(absences)s
            UNION ALL
            SELECT tstzrange(r.debut - make_interval(mins => a.pause), upper(r.periode)) FROM reservations_rendezvous r
            WHERE r.agent_id = a.agent_id AND r.periode && a.fenetre AND r.statut IN ({_OCCUPANTS})
              AND %(rendez_vous)s
              AND (r.expire_a IS NULL OR r.expire_a > %(maintenant)s)
              AND (r.expire_a IS NULL OR %(visiteur)s = '' OR r.visiteur <> %(visiteur)s)
              AND r.id <> %(sauf)s
        ) x
    ) o
), morceau AS (
    SELECT p.motif_id, p.lieu_id, p.agent_id, p.duree, p.tard, p.pause, f.premier, upper(libre.piece) AS fin
    FROM plage p
    JOIN occupation c USING (agent_id, pause)
    CROSS JOIN LATERAL (
        SELECT o.periode FROM plages_ouverture o
        WHERE o.plage_id = p.plage_id AND o.periode && tstzrange(p.tot, p.tard, '[]')
    ) o
    CROSS JOIN LATERAL unnest(
        tstzmultirange(o.periode) - coalesce(c.occupe, '{{}}'::tstzmultirange)
    ) AS libre(piece)
    CROSS JOIN LATERAL (
        SELECT lower(libre.piece) + p.duree * greatest(
            0, ceil(extract(epoch FROM p.tot - lower(libre.piece)) / extract(epoch FROM p.duree))
        )::float8 AS premier
    ) f
    WHERE f.premier <= p.tard AND f.premier + p.duree <= upper(libre.piece)
)
"""  # noqa: S608
_COLONNES = "motif_id, lieu_id, agent_id, premier, fin, duree, tard, pause"
_TOUS = _MORCEAUX + f"SELECT {_COLONNES} FROM morceau ORDER BY pause"  # noqa: S608
_PREMIERS = (
    _MORCEAUX
    + f"SELECT DISTINCT ON (motif_id, lieu_id) {_COLONNES} "
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
    # Two plages of one agent may overlap (a warning, not an error): the same slot is said once, with the longest of the
    # pauses that fit (the pieces come by pause, the last one stays).
    pauses = {
        (debut, agent, motif, lieu, debut + duree): pause
        for motif, lieu, agent, premier, fin, duree, tard, pause in _executer(
            _TOUS, demandes, maintenant, agents, lieux, visiteur, sauf
        )
        for debut in decouper(premier, fin, duree, tard)
    }
    return sorted(Creneau(*creneau, pause) for creneau, pause in pauses.items())


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
    """Return the first free slot of each (motif, lieu) that has one, sorted by start. One query.

    absences, rendez_vous: False to ask what would be free without them, and so tell why nothing is.
    """
    lignes = _executer(
        _PREMIERS, demandes, maintenant, agents, lieux, visiteur, sauf, absences=absences, rendez_vous=rendez_vous
    )
    return sorted(
        Creneau(premier, agent, motif, lieu, premier + duree, pause)
        for motif, lieu, agent, premier, _, duree, _, pause in lignes
    )


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
) -> list[tuple[int, int | None, int, datetime, datetime, timedelta, datetime, int]]:
    utiles = [d for d in demandes if d.au_plus_tot <= d.au_plus_tard]
    if not utiles:
        return []
    with connection.cursor() as curseur:
        curseur.execute(
            requete,
            {
                "motifs": [d.motif.pk for d in utiles],
                "durees": [d.motif.delta for d in utiles],
                "tots": [d.au_plus_tot for d in utiles],
                "tards": [d.au_plus_tard for d in utiles],
                "agents": None if agents is None else list(agents),
                "lieux": None if lieux is None else list(lieux),
                "maintenant": maintenant,
                "visiteur": visiteur,
                "sauf": sauf,
                "absences": absences,
                "rendez_vous": rendez_vous,
            },
        )
        return curseur.fetchall()
