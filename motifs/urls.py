"""Addresses of the pages of `motifs`."""

from django.urls import URLPattern, URLResolver

app_name = "motifs"
urlpatterns: list[URLPattern | URLResolver] = []
