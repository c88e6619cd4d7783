"""Addresses of the pages of `reservations`."""

from django.urls import URLPattern, URLResolver

app_name = "reservations"
urlpatterns: list[URLPattern | URLResolver] = []
