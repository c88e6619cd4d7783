"""Addresses of the pages of `motifs`."""

from django.urls import URLPattern, URLResolver, include, path

from motifs import views

app_name = "motifs"
urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "agent/<int:structure_id>/parametres/motifs/",
        include(
            [
                path("", views.motifs, name="motifs"),
                path("nouveau/", views.nouveau_motif, name="nouveau_motif"),
                path("<int:motif_id>/", views.modifier_motif, name="modifier_motif"),
                path("<int:motif_id>/ouvrir-ou-fermer/", views.ouvrir_ou_fermer, name="ouvrir_ou_fermer"),
                path("<int:motif_id>/dupliquer/", views.dupliquer_motif, name="dupliquer_motif"),
                path("<int:motif_id>/supprimer/", views.supprimer_motif, name="supprimer_motif"),
                path("<int:motif_id>/archiver/", views.archiver_motif, name="archiver_motif"),
                path("<int:motif_id>/restaurer/", views.restaurer_motif, name="restaurer_motif"),
            ]
        ),
    ),
]
