"""Addresses of the tab "Réservation en ligne", under `agent/<structure>/parametres/`."""

from django.urls import URLPattern, URLResolver, path

from reservations import vues_reservation_en_ligne as vues

urlpatterns: list[URLPattern | URLResolver] = [
    path("", vues.reservation_en_ligne, name="reservation_en_ligne"),
    path("motifs/<int:motif_id>/", vues.basculer_motif, name="basculer_motif"),
]
