"""Addresses of the tab "Réservation en ligne", under `agent/<structure>/parametres/`."""

from django.urls import URLPattern, URLResolver, path

from reservations import vues_lien
from reservations import vues_reservation_en_ligne as vues

urlpatterns: list[URLPattern | URLResolver] = [
    path("", vues.reservation_en_ligne, name="reservation_en_ligne"),
    path("motifs/<int:motif_id>/", vues.basculer_motif, name="basculer_motif"),
    path("lien/", vues_lien.lien, name="lien"),
    path("lien/moi/", vues_lien.mon_lien, name="mon_lien"),
    path("lien/qr-code.svg", vues_lien.qr_code, name="qr_code"),
    path("lien/affiche/", vues_lien.affiche, name="affiche"),
    path("lien/renouveler/", vues_lien.renouveler_lien, name="renouveler_lien"),
    path("lien/fermer/", vues_lien.fermer_lien, name="fermer_lien"),
    path("lien/rouvrir/", vues_lien.rouvrir_lien, name="rouvrir_lien"),
]
