"""What every template may read about the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Give templates the name of the service and the switches of this instance."""
    return {"NOM_DU_SERVICE": "RDV Aide Numérique", "DEMO": settings.DEMO, "MARQUE_ETAT": settings.MARQUE_ETAT}
