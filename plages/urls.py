"""Addresses of the pages of `plages`."""

from django.urls import URLPattern, URLResolver, include, path

from plages import views, views_absences, views_fermetures, views_occurrences

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
                path("<int:plage_id>/date/", views_occurrences.occurrence, name="occurrence"),
            ]
        ),
    ),
    path("agent/<int:structure_id>/parametres/fermetures/", views_fermetures.fermetures, name="fermetures"),
    path(
        "agent/<int:structure_id>/absences/",
        include(
            [
                path("", views_absences.absences, name="absences"),
                path("nouvelle/", views_absences.nouvelle_absence, name="nouvelle_absence"),
                path("<int:absence_id>/", views_absences.modifier_absence, name="modifier_absence"),
                path("<int:absence_id>/supprimer/", views_absences.supprimer_absence, name="supprimer_absence"),
            ]
        ),
    ),
]
