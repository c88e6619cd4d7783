"""What gunicorn serves for the bench: the application of production, with one address more."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rdv.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "cartographie.banc.urls"
application = get_wsgi_application()
