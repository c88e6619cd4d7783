"""Writes on motifs: what they do and what they refuse."""

from itertools import product
from unittest import mock

import pytest
from django.db import IntegrityError
from django.utils import timezone

from motifs.models import Motif, Public
from motifs.services import MotifRefuse, archiver, enregistrer_motif, fermer, ouvrir, restaurer
from tests.factories import MotifFactory, StructureFactory

pytestmark = pytest.mark.django_db


def test_ouvrir_then_fermer() -> None:
    motif = MotifFactory()

    assert ouvrir(motif=motif).reservable_en_ligne is True
    assert fermer(motif=motif).reservable_en_ligne is False


def test_ouvrir_is_refused_on_rdv_solidarites() -> None:
    motif = MotifFactory(structure=StructureFactory(solidarites=True))

    with pytest.raises(MotifRefuse, match="n'existe pas sur RDV Solidarités"):
        ouvrir(motif=motif)

    motif.refresh_from_db()
    assert motif.reservable_en_ligne is False


def test_ouvrir_is_refused_for_an_archived_motif() -> None:
    motif = MotifFactory(archive_le=timezone.now())

    with pytest.raises(MotifRefuse, match="restaurez-le"):
        ouvrir(motif=motif)


def test_a_motif_just_read_is_open_to_those_to_whom_the_query_says_so() -> None:
    motifs = [
        MotifFactory(
            structure=StructureFactory(lien_ferme=ferme),
            reservable_en_ligne=reservable,
            archive_le=archive,
            ouvert_a=qui,
        )
        for ferme, reservable, archive, qui in product((True, False), (True, False), (None, timezone.now()), Public)
    ]
    motifs += [MotifFactory(structure=StructureFactory(solidarites=True), reservable_en_ligne=False)]

    for prescripteur, nombre in ((True, 2), (False, 1)):
        ouverts = {motif.pk for motif in motifs if motif.est_ouvert_a(prescripteur=prescripteur)}
        assert ouverts == set(Motif.objects.ouverts_a(prescripteur=prescripteur).values_list("pk", flat=True))
        assert len(ouverts) == nombre

    # What the database refuses to write in the first place, a Solidarités motif open online, is closed too.
    assert not Motif(structure=motifs[-1].structure, reservable_en_ligne=True).est_ouvert_a(prescripteur=True)


def test_enregistrer_loses_a_race_for_the_name_politely() -> None:
    """Both forms were valid when they were checked: the database decides."""
    structure = StructureFactory()
    MotifFactory(structure=structure, nom="Atelier")

    with pytest.raises(MotifRefuse, match="existe déjà") as refus:
        enregistrer_motif(motif=Motif(structure=structure, nom="ATELIER"))

    assert refus.value.contrainte == "motifs_nom_unique"


def test_enregistrer_does_not_hide_an_unknown_refusal() -> None:
    with mock.patch.object(Motif, "save", side_effect=IntegrityError("autre")), pytest.raises(IntegrityError):
        enregistrer_motif(motif=MotifFactory.build())


def test_archiver_frees_the_name_and_keeps_the_first_date() -> None:
    motif = MotifFactory(nom="Atelier", ouvert=True)
    premier = timezone.now()

    archiver(motif=motif, maintenant=premier)
    archiver(motif=motif, maintenant=timezone.now())

    motif.refresh_from_db()
    assert motif.archive_le == premier
    assert not Motif.objects.reservables().exists()
    enregistrer_motif(motif=Motif(structure=motif.structure, nom="Atelier"))


def test_restaurer_brings_back_a_closed_motif() -> None:
    motif = MotifFactory(ouvert=True, archive_le=timezone.now())

    restaurer(motif=motif)

    motif.refresh_from_db()
    assert (motif.archive_le, motif.reservable_en_ligne) == (None, False)


def test_restaurer_is_refused_when_the_name_is_taken() -> None:
    archive = MotifFactory(nom="Atelier", archive_le=timezone.now())
    MotifFactory(structure=archive.structure, nom="atelier")

    with pytest.raises(MotifRefuse, match="renommez-le d'abord"):
        restaurer(motif=archive)

    archive.refresh_from_db()
    assert archive.archive_le is not None
