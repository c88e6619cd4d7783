"""Addresses of the pages of `plages`."""

from django.urls import URLPattern, URLResolver

app_name = "plages"
urlpatterns: list[URLPattern | URLResolver] = []
