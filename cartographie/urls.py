"""Addresses of `cartographie`: the places, the feeds, and what leads from other sites to a booking."""

from django.urls import URLPattern, URLResolver, path

from cartographie import vues_carte, vues_flux, vues_integration, vues_territoire

app_name = "cartographie"
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/public_links", vues_flux.public_links, name="public_links"),
    path("api/v1/lieux.json", vues_flux.lieux_standard, {"extension": "json"}, name="lieux_json"),
    path("api/v1/lieux.csv", vues_flux.lieux_standard, {"extension": "csv"}, name="lieux_csv"),
    path("api/v1/lieux.geojson", vues_flux.lieux_standard, {"extension": "geojson"}, name="lieux_geojson"),
    path("robots.txt", vues_flux.robots, name="robots"),
    path("sitemap.xml", vues_flux.plan_du_site, name="plan_du_site"),
    path("org/ext/<slug:territoire>/<slug:id_externe>/", vues_flux.lien_externe, name="lien_externe"),
    path("carte/", vues_carte.carte, name="carte"),
    path("carte/points.json", vues_carte.points_de_la_carte, name="points_de_la_carte"),
    path("carte/departement/<slug:code>/", vues_carte.departement, name="departement"),
    path("integrer/carte/", vues_integration.carte_integree, {"integree": True}, name="carte_integree"),
    path(
        "integrer/carte/departement/<slug:code>/",
        vues_integration.departement_integree,
        {"integree": True},
        name="departement_integree",
    ),
    path("integrer/lieux/<int:lieu_id>/", vues_integration.lieu_integre, name="lieu_integre"),
    path("t/<jeton:jeton>/", vues_territoire.territoire, name="territoire"),
    path(
        "agent/<int:structure_id>/parametres/reservation-en-ligne/lien/territoires/",
        vues_territoire.liens_de_territoire,
        name="liens_de_territoire",
    ),
    path(
        "agent/<int:structure_id>/parametres/reservation-en-ligne/lien/territoires/<int:lien_id>/",
        vues_territoire.changer_lien_de_territoire,
        name="changer_lien_de_territoire",
    ),
    path("lieux/<int:lieu_id>-<slug:nom>/", vues_carte.fiche, name="fiche"),
    path("lieux/<int:lieu_id>/", vues_carte.fiche, name="fiche_courte"),
    path("lieux/<int:lieu_id>/rendez-vous/", vues_flux.prendre_rendez_vous, name="prendre_rendez_vous"),
]
