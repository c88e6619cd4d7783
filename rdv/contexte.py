"""What every template may read about the site."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_bidi


def site(request: HttpRequest) -> dict[str, object]:
    """Give templates the name of the service, the switches of this instance, the language and those to choose from."""
    langue = get_language()
    return {
        "NOM_DU_SERVICE": "RDV Aide Numérique",
        "DEMO": settings.DEMO,
        "MARQUE_ETAT": settings.MARQUE_ETAT,
        "LANGUE": langue,
        "DIRECTION": "rtl" if get_language_bidi() else "ltr",
        "AUTRES_LANGUES": [autre for autre in settings.LANGUAGES if autre[0] != langue]
        if getattr(request, "traduite", False)
        else [],
        "LANGUE_REFUSEE": getattr(request, "langue_refusee", ""),
    }
