"""Addresses of the pages of `plages`."""

from django.urls import URLPattern, URLResolver, include, path

from plages import views

app_name = "plages"
urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "agent/<int:structure_id>/plages/",
        include(
            [
                path("", views.plages, name="plages"),
                path("nouvelle/", views.nouvelle_plage, name="nouvelle_plage"),
                path("<int:plage_id>/", views.modifier_plage, name="modifier_plage"),
                path("<int:plage_id>/supprimer/", views.supprimer, name="supprimer"),
            ]
        ),
    ),
]
