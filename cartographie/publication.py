"""Publish the state of the buttons: the feeds say what was published, never more than ten minutes old."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from cartographie.disponibilites import Disponibilite, prochaines, raisons
from cartographie.models import EtatDuBouton, Publication
from motifs.models import Motif
from structures.dates import moment
from structures.models import Lieu


@transaction.atomic
def publier(*, maintenant: datetime) -> int:
    """Switch the buttons on and off; return how many switched. Three queries when nothing did, whatever the country.

    One at a time, on the row of the publication. Only the places that could be on, or that were, are looked at.
    """
    Publication.objects.get_or_create(pk=Publication.SEULE)
    publication = Publication.objects.select_for_update(no_key=True).get(pk=Publication.SEULE)
    en_cours = {etat.lieu_id: etat for etat in EtatDuBouton.objects.en_cours()}
    allumes = [cle for cle, etat in en_cours.items() if etat.actif]
    lieux = list(
        Lieu.objects.filter(Q(structure__in=Motif.objects.ouverts_a_tous().values("structure")) | Q(pk__in=allumes))
        .select_related("structure")
        .defer("fiche")
    )
    disponibles = prochaines(lieux, maintenant)
    a_allumer = [lieu for lieu in lieux if lieu.pk in disponibles and lieu.pk not in allumes]
    a_eteindre = [lieu for lieu in lieux if lieu.pk not in disponibles and lieu.pk in allumes]
    causes = raisons(a_eteindre, maintenant) if a_eteindre else {}
    bascules = [(lieu, True, _annonce(lieu, disponibles[lieu.pk])) for lieu in a_allumer]
    bascules += [(lieu, False, causes[lieu.pk]) for lieu in a_eteindre]
    EtatDuBouton.objects.en_cours().filter(lieu__in=[lieu.pk for lieu, _, _ in bascules]).update(jusqu_a=maintenant)
    EtatDuBouton.objects.bulk_create(
        EtatDuBouton(lieu=lieu, actif=actif, depuis=maintenant, pourquoi=pourquoi[:300])
        for lieu, actif, pourquoi in bascules
    )
    publication.publiee_le = maintenant
    empreinte = _empreinte(maintenant)
    if empreinte != publication.empreinte:
        publication.empreinte, publication.changee_le = empreinte, maintenant
    publication.save(update_fields=["publiee_le", "empreinte", "changee_le"])
    return len(bascules)


def _annonce(lieu: Lieu, disponibilite: Disponibilite) -> str:
    debut = disponibilite.debut.astimezone(lieu.structure.tz)
    return f"premier créneau {moment(debut)}, {disponibilite.motif}"


def _empreinte(maintenant: datetime) -> str:
    """Return one value for all that the feeds say: the places, the buttons, and the day (`date_maj` of the active)."""
    with connection.cursor() as curseur:
        curseur.execute(
            """
            SELECT md5(%s || string_agg(md5(l::text || s.plateforme || coalesce(e.actif, false)), '' ORDER BY l.id))
            FROM structures_lieu l JOIN structures_structure s ON s.id = l.structure_id
            LEFT JOIN cartographie_etatdubouton e ON e.lieu_id = l.id AND e.jusqu_a IS NULL
            """,
            [maintenant.date().isoformat()],
        )
        return curseur.fetchone()[0] or ""
