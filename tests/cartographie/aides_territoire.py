"""A territory written quickly: so many structures, each with the same places, hours, motifs and rendez-vous."""

from datetime import UTC, datetime, time, timedelta

from django.db import connection

from motifs.models import Motif, Public, TypeLieu
from plages.models import Ouverture, PlageOuverture
from reservations.models import RendezVous, Statut
from structures.models import Agent, Appartenance, Lieu, Structure

DEPARTEMENT = "26"
SEMAINES = 15  # beyond the longest delay of these motifs, three months
HEURE = timedelta(hours=1)
OUEST, NORD = 4.6, 45.3  # of the Drôme, roughly: the places go east and south from there


def ecrire_ailleurs(agents: int) -> None:
    """Write agents of another territory: how PostgreSQL reads a table depends on its size."""
    structure = Structure.objects.create(nom="Ailleurs", departement="29")
    tous = Agent.objects.bulk_create(
        Agent(courriel=f"ailleurs{n}@exemple.fr", prenom="Ada", nom=str(n), password="!") for n in range(agents)
    )
    Appartenance.objects.bulk_create(Appartenance(agent=agent, structure=structure) for agent in tous)


def ecrire_territoire(maintenant: datetime, structures: int, lieux: int) -> list[Structure]:
    """Write structures of `lieux` places: an agent who spends a morning a week in each, and answers the phone.

    Of the two motifs, that by phone is for prescribers only. The first week is taken.
    """
    jour = maintenant.astimezone(UTC).date()
    # From tomorrow: the first free slot is as far on a Monday as on a Sunday, what it costs to find it too.
    demain = datetime.combine(jour + timedelta(days=1), time(), tzinfo=UTC)
    toutes = Structure.objects.bulk_create(
        Structure(nom=f"Structure {n:03}", departement=DEPARTEMENT) for n in range(structures)
    )
    agents = Agent.objects.bulk_create(
        Agent(courriel=f"territoire{s.pk}@exemple.fr", prenom="Ada", nom=s.nom, password="!") for s in toutes
    )
    Appartenance.objects.bulk_create(
        Appartenance(agent=agent, structure=s) for agent, s in zip(agents, toutes, strict=True)
    )
    commun = {"reservable_en_ligne": True}
    sur_place = Motif.objects.bulk_create(
        Motif(structure=s, nom="Accompagnement", type_lieu=TypeLieu.SUR_PLACE, **commun) for s in toutes
    )
    par_telephone = Motif.objects.bulk_create(
        Motif(structure=s, nom="Appel", type_lieu=TypeLieu.TELEPHONE, ouvert_a=Public.PRESCRIPTEURS, **commun)
        for s in toutes
    )
    salles = Lieu.objects.bulk_create(
        Lieu(
            structure=s,
            nom=f"Salle {n} de {s.nom}",
            code_postal="26400",
            commune="Crest",
            code_insee="26108",
            latitude=NORD - rang / len(toutes),
            longitude=OUEST + n / lieux,
        )
        for rang, s in enumerate(toutes)
        for n in range(lieux)
    )
    plages = PlageOuverture.objects.bulk_create(
        PlageOuverture(
            structure_id=salle.structure_id,
            agent=agents[rang // lieux],
            lieu=salle,
            titre="Permanence",
            premier_jour=demain.date(),
            heure_debut=time(9),
            heure_fin=time(12),
            frequence="semaine",
        )
        for rang, salle in enumerate(salles)
    )
    lien = PlageOuverture.motifs.through
    lien._default_manager.bulk_create(
        lien(plageouverture_id=plage.pk, motif_id=motifs[rang // lieux].pk)
        for rang, plage in enumerate(plages)
        for motifs in (sur_place, par_telephone)
    )
    matins = [demain + timedelta(days=rang % lieux, hours=8) for rang in range(len(plages))]
    semaines = [timedelta(weeks=n) for n in range(SEMAINES)]
    Ouverture.objects.bulk_create(
        Ouverture(plage_id=plage.pk, jour=(matin + s).date(), periode=(matin + s, matin + s + 3 * HEURE))
        for plage, matin in zip(plages, matins, strict=True)
        for s in semaines
    )
    RendezVous.objects.bulk_create(
        RendezVous(
            structure_id=plage.structure_id,
            motif=sur_place[rang // lieux],
            agent_id=plage.agent_id,
            lieu_id=plage.lieu_id,
            type_lieu=TypeLieu.SUR_PLACE,
            debut=matins[rang] + n * HEURE,
            fin=matins[rang] + (n + 1) * HEURE,
            statut=Statut.PREVU,
        )
        for rang, plage in enumerate(plages)
        for n in range(3)
    )
    # These tables, not the whole base: the catalogue is shared, and another process of the tests may be analysing it.
    ecrites = [
        m._meta.db_table
        for m in (Structure, Agent, Appartenance, Motif, Lieu, PlageOuverture, lien, Ouverture, RendezVous)
    ]
    with connection.cursor() as curseur:
        curseur.execute(f"{'ANALYZE' if connection.in_atomic_block else 'VACUUM ANALYZE'} {', '.join(ecrites)}")
    return toutes
