"""Every address of the site. Each application brings its own pages; those of the site itself come first."""

from django.urls import URLPattern, URLResolver, include, path

from rdv import plateforme, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.accueil, name="accueil"),
    path("mentions-legales/", views.mentions_legales, name="mentions_legales"),
    path("donnees-personnelles/", views.donnees_personnelles, name="donnees_personnelles"),
    path("accessibilite/", views.accessibilite, name="accessibilite"),
    path("aide/", views.aide, name="aide"),
    path("langue/", views.langue, name="langue"),
    path("plateforme/", plateforme.site.urls),
    path("", include("structures.urls")),
    path("", include("motifs.urls")),
    path("", include("plages.urls")),
    path("", include("reservations.urls")),
    path("", include("cartographie.urls")),
]

handler403 = "rdv.views.erreur_403"
handler404 = "rdv.views.erreur_404"
handler500 = "rdv.views.erreur_500"
