"""What search engines read."""

from typing import Any

import pytest
from django.test import Client
from lxml import etree

from tests.factories import LieuFactory, MotifFactory, StructureFactory

SITE = "https://rdv.exemple.fr"


def test_robots_names_the_map_of_the_site_and_no_secret(client: Client, settings: Any) -> None:
    settings.SITE_URL = SITE
    lu = client.get("/robots.txt").content.decode()
    assert f"Sitemap: {SITE}/sitemap.xml" in lu
    assert "Disallow: /agent/" in lu
    assert "/r/" not in lu


@pytest.mark.django_db
def test_the_map_of_the_site_lists_the_places(client: Client, settings: Any, django_assert_num_queries: Any) -> None:
    settings.SITE_URL = SITE
    lieu = LieuFactory(nom="Médiathèque & fils")
    LieuFactory(structure=StructureFactory(solidarites=True))
    with django_assert_num_queries(2):
        reponse = client.get("/sitemap.xml")
    adresses = etree.fromstring(reponse.content).xpath("//*[local-name()='loc']/text()")
    assert adresses == [
        f"{SITE}/",
        f"{SITE}/carte/",
        f"{SITE}/carte/departement/26/",
        f"{SITE}/lieux/{lieu.pk}-mediatheque-fils-crest/",
    ]


@pytest.mark.django_db
def test_a_booking_link_is_not_indexed(client: Client) -> None:
    motif = MotifFactory(ouvert=True)
    assert b'<meta name="robots" content="noindex">' in client.get(f"/r/{motif.structure.lien}/", follow=True).content
