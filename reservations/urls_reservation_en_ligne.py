"""Addresses of the tab "Réservation en ligne", under `agent/<structure>/parametres/`."""

from django.urls import URLPattern, URLResolver, path

from reservations.vues import lien, reservation_en_ligne

urlpatterns: list[URLPattern | URLResolver] = [
    path("", reservation_en_ligne.reservation_en_ligne, name="reservation_en_ligne"),
    path("motifs/<int:motif_id>/", reservation_en_ligne.basculer_motif, name="basculer_motif"),
    path("lien/", lien.lien, name="lien"),
    path("lien/moi/", lien.mon_lien, name="mon_lien"),
    path("lien/qr-code.svg", lien.qr_code, name="qr_code"),
    path("lien/affiche/", lien.affiche, name="affiche"),
    path("lien/renouveler/", lien.renouveler_lien, name="renouveler_lien"),
    path("lien/fermer/", lien.fermer_lien, name="fermer_lien"),
    path("lien/rouvrir/", lien.rouvrir_lien, name="rouvrir_lien"),
]
