"""Jobs written by a test that commits do not wait in the database for the next one."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from structures.taches import envoyer_lien


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_fois", [1, 2])
def test_the_jobs_of_a_test_end_with_it(_fois: int) -> None:
    assert not ProcrastinateJob.objects.exists()
    envoyer_lien.defer(agent_id=0)
    assert ProcrastinateJob.objects.count() == 1
