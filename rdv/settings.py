"""Settings: one file, each value read once from the environment (list and meaning in `.env.example`).

No I/O here but the optional `.env` file. `manage.py` and the tests set DATABASE_URL and SECRET_KEY themselves when they
run on the embedded PostgreSQL; nothing else has a default for them.
"""

from pathlib import Path

import environ
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# Tests name another file, which is empty: the settings of the developer's instance must not change their result.
environ.Env.read_env(env.str("FICHIER_ENV", default=str(BASE_DIR / ".env")))

# --- Where and for whom ------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
# Demo: messages are shown on a page instead of being sent, and that page exists.
DEMO = env.bool("DEMO", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Public address of the site, used in messages (jobs have no request to read it from). No trailing slash.
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
HTTPS = env.bool("HTTPS", default=SITE_URL.startswith("https://"))
# Number of trusted proxies in front: 0 reads the visitor's address from the connection.
MANDATAIRES_DE_CONFIANCE = env.int("MANDATAIRES_DE_CONFIANCE", default=0)
# Who runs this instance (mentions légales, notice on personal data, accessibility statement).
EDITEUR_NOM = env.str("EDITEUR_NOM", default="")
EDITEUR_ADRESSE = env.str("EDITEUR_ADRESSE", default="")
EDITEUR_COURRIEL = env.str("EDITEUR_COURRIEL", default="")
EDITEUR_DIRECTION = env.str("EDITEUR_DIRECTION", default="")
HEBERGEUR = env.str("HEBERGEUR", default="")
# The State's mark (Marianne, bloc-marque) is reserved to State services: opt-in.
MARQUE_ETAT = env.bool("MARQUE_ETAT", default=False)

# --- Applications ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "axes",
    "django_htmx",
    "dsfr",
    "phonenumber_field",
    "procrastinate.contrib.django",
    "rdv",
    "structures",
    "motifs",
    "plages",
    "reservations",
    "cartographie",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    # Before WhiteNoise: what it serves from where it is (demo) is compressed too. What `collectstatic` has compressed
    # is left as it is. Secrets and pages: Django adds random bytes against BREACH.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    # Before whatever may answer by a page of error.
    "rdv.middleware.LangueChoisie",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "rdv.middleware.session_perdue_htmx",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "rdv.urls"
WSGI_APPLICATION = "rdv.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rdv.contexte.site",
            ],
        },
    },
]
FORM_RENDERER = "rdv.rendu.RenduDsfr"

# --- Database ----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        # lock_timeout: a booking that waits longer than 3 s for an agent's row is refused politely.
        # plan_cache_mode: the slots engine alone prepares its queries, and keeps their plans.
        # jit: PostgreSQL would compile the query for all places, whose cost it overestimates.
        "options": "-c lock_timeout=3000 -c statement_timeout=30000 -c plan_cache_mode=force_generic_plan -c jit=off",
        "prepare_threshold": 5,
    }
)
# Connections kept open by each process; 0 (tests): none, each thread has its own connection.
DATABASE_POOL_MAX = env.int("DATABASE_POOL_MAX", default=8)
if DATABASE_POOL_MAX:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_MAX, "timeout": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Agents' accounts --------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "structures.Agent"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the e-mail is unique without regard to case, by a constraint on Lower()
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "structures:connexion"
LOGIN_REDIRECT_URL = "structures:mes_structures"
LOGOUT_REDIRECT_URL = "accueil"
# Wrong passwords: 8 for an e-mail address from one network address, then 15 minutes of rest.
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "structures/compte_bloque.html"
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # failures are counted; who signed in, when and from where is not kept
AXES_CLIENT_IP_CALLABLE = "structures.adresse.adresse_du_visiteur"

SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "rdv.views.erreur_csrf"

# --- Headers -----------------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS and env.bool("REDIRIGER_VERS_HTTPS", default=True)
if MANDATAIRES_DE_CONFIANCE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDES", default=3600 if HTTPS else 0)
SECURE_REFERRER_POLICY = "same-origin"  # private links carry a secret in their path
X_FRAME_OPTIONS = "DENY"
# The map draws the outlines of the départements, which are ours. An instance may choose tiles ({z}, {x}, {y}) instead:
# its visitors' browsers then ask them of that server, which the policy must allow.
CARTE_TUILES = env.str("CARTE_TUILES", default="")
CARTE_ATTRIBUTION = env.str("CARTE_ATTRIBUTION", default="© IGN")
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", *(["/".join(CARTE_TUILES.split("/")[:3])] if CARTE_TUILES else [])],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

# --- Language and time -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
# The learner's pages and messages: see LangueChoisie (`rdv/middleware.py`).
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "langue"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"  # display default only: each structure has its own
PHONENUMBER_DEFAULT_REGION = "FR"
PHONENUMBER_DEFAULT_FORMAT = "NATIONAL"

# --- Static files ------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# True in production, where `collectstatic` has been run (compressed files whose names change with their content).
STATICFILES_MANIFESTES = env.bool("STATICFILES_MANIFESTES", default=False)
STATIC_ROOT = BASE_DIR / "staticfiles" if STATICFILES_MANIFESTES else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATICFILES_MANIFESTES
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Without collected files (demo, tests, development) WhiteNoise looks each one up where it is, when asked for: to list
# all of them, as each start and each test client would, takes 0.6 s.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not STATICFILES_MANIFESTES
DSFR_USE_INTEGRITY_CHECKSUMS = False  # manifest storage rewrites the files: their checksums would be wrong

# --- Messages ----------------------------------------------------------------------------------------------------
_courriel = env.email_url("EMAIL_URL", default="consolemail://")
_options = {
    "EMAIL_HOST": "host",
    "EMAIL_PORT": "port",
    "EMAIL_HOST_USER": "username",
    "EMAIL_HOST_PASSWORD": "password",
    "EMAIL_USE_TLS": "use_tls",
    "EMAIL_USE_SSL": "use_ssl",
    "EMAIL_FILE_PATH": "file_path",
}
MAILERS = {
    "default": {
        "BACKEND": _courriel["EMAIL_BACKEND"],
        "OPTIONS": {nom: _courriel[cle] for cle, nom in _options.items() if _courriel.get(cle)},
    }
}
if _courriel["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
    # A job keeps its message locked while it talks to the server: a silent server must not hold it for ever.
    MAILERS["default"]["OPTIONS"]["timeout"] = 20
if DEMO:
    MAILERS = {"default": {"BACKEND": "reservations.courrier.demonstration.CourrielDemonstration"}}
DEFAULT_FROM_EMAIL = env.str("COURRIEL_EXPEDITEUR", default="RDV Aide Numérique <ne-pas-repondre@localhost>")
# "" (none: people identify by e-mail only), "octopush", "console" (written to the log) or "demo".
SMS_FOURNISSEUR = "demo" if DEMO else env.str("SMS_FOURNISSEUR", default="")
SMS_EXPEDITEUR = env.str("SMS_EXPEDITEUR", default="RdvAideNum")  # 3 to 11 letters and figures
OCTOPUSH_COMPTE = env.str("OCTOPUSH_COMPTE", default="")
OCTOPUSH_CLE = env.str("OCTOPUSH_CLE", default="")
OCTOPUSH_URL = env.str("OCTOPUSH_URL", default="https://api.octopush.com")
# The secret part of the address where the provider says what became of each SMS; "": that address does not exist.
SMS_JETON_ACCUSES = env.str("SMS_JETON_ACCUSES", default="")

# --- Booking -----------------------------------------------------------------------------------------------------
OPTION_MINUTES = 15  # how long a slot is held while the person identifies; the same again at each extension
OPTION_MINUTES_MAXIMUM = 60  # and never longer than this in all
OPTIONS_PAR_VISITEUR = 2
OPTIONS_PAR_ADRESSE = env.int("OPTIONS_PAR_ADRESSE", default=20)  # a library's computers share one address
# Rendez-vous to come of one contact, in all the structures; whoever has more telephones.
RENDEZ_VOUS_PAR_CONTACT = env.int("RENDEZ_VOUS_PAR_CONTACT", default=5)
# Rendez-vous taken by one prescriber in 24 hours: a desk's whole day, and no more.
RENDEZ_VOUS_PAR_PRESCRIPTEUR_ET_JOUR = env.int("RENDEZ_VOUS_PAR_PRESCRIPTEUR_ET_JOUR", default=40)
# A robot fills the contact step at once, nobody else does.
SECONDES_AVANT_CONTACT = env.int("SECONDES_AVANT_CONTACT", default=2)
CODE_MINUTES = 15
CODE_ESSAIS = 5
CODES_PAR_DEMARCHE = 5
CODES_PAR_CONTACT_ET_HEURE = 5
CODES_PAR_ADRESSE_ET_HEURE = env.int("CODES_PAR_ADRESSE_ET_HEURE", default=40)
# The waiting list: how long a place is held for whom it is offered to, how many hours ahead at least, how many offers
# in all, and how many lists one contact is on.
ATTENTE_MINUTES = 30
ATTENTE_HEURES_AVANT = 3
ATTENTE_PROPOSITIONS = 5
ATTENTES_PAR_CONTACT = 3
# Readings of the feeds by one connection.
APPELS_PAR_ADRESSE_ET_MINUTE = env.int("APPELS_PAR_ADRESSE_ET_MINUTE", default=50)
# `manage.py course --sans-verrou` sets it to False, to show that the database's constraint alone holds.
RESERVATION_VERROU_AGENT = env.bool("RESERVATION_VERROU_AGENT", default=True)

# --- Jobs --------------------------------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "taches"
PROCRASTINATE_ON_APP_READY = None
# A job that succeeded has nothing more to say: its row goes, so that the table does not grow with the past.
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ligne": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "ligne"}},
    "root": {"handlers": ["console"], "level": env.str("JOURNAL_NIVEAU", default="INFO")},
    "loggers": {
        "procrastinate.blueprints": {"level": "WARNING"},
        "procrastinate.periodic": {"level": "WARNING"},
    },
}
