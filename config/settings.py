"""Everything is read from the environment; README's table of settings lists each variable with its default."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.environment import CheckedEnv
from config.mail_services import SERVICES, anymail_settings, backend_of

BASE_DIR = Path(__file__).resolve().parent.parent
env = CheckedEnv()
env.read_env(BASE_DIR / ".env")
ENVIRONMENT_PROBLEMS = env.problems  # shown by the system checks
LOG_LEVEL = env.choice("LOG_LEVEL", default="WARNING", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))

# ── The process ──────────────────────────────────────────────────────────
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-for-development-only" if DEBUG else "")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)  # believe its X-Forwarded-Proto and X-Forwarded-For
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000")  # for links in e-mails
VAR_DIR = env.directory("VAR_DIR", default=BASE_DIR / "var")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
    "django_q",
    "jobs",
    "lessons",
    "letters",
    "audio",
    "staffing",
    "config.apps.ConfigConfig",
]

MIDDLEWARE = [
    "config.middleware.DatabaseAwayMiddleware",
    "config.middleware.OwnErrorPagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

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
                "csp.context_processors.nonce",
                "config.frame.frame",
            ],
        },
    },
]

# ── Database and cache ───────────────────────────────────────────────────
DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'aussitot.sqlite3'}")
DB_POOL = env.bool("DB_POOL", default=False)  # config/wsgi.py turns it on: a worker holds its own connections
DB_POOL_SIZE = env.int("DB_POOL_SIZE", default=20)  # a web process keeps so many open
DB_POOL_MORE = env.int("DB_POOL_MORE", default=10)  # and opens so many more under load
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **env.database(DATABASE_URL),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
    }
}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # With Django's defaults 534 of 1,000 jobs were left undone among 'database is locked' errors; with these none.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        # A client that vanished must not keep its locks, and a server that vanished must not keep us.
        {
            "connect_timeout": 5,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 15000,
            "options": "-c client_connection_check_interval=5s",
        }
    )
    if DB_POOL:
        # The pool keeps them, and config.postgres checks them.
        DATABASES["default"] |= {"ENGINE": "config.postgres", "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
        DATABASES["default"]["OPTIONS"]["pool"] = {
            "min_size": DB_POOL_SIZE,
            "max_size": DB_POOL_SIZE + DB_POOL_MORE,
            "timeout": 3,  # that a request waits, when the server is away
            "reconnect_timeout": 1,  # then the next request tries again; longer, and the pool waits twice as long after each failure
        }
SLOW_QUERY_SECONDS = env.float("SLOW_QUERY_SECONDS", default=1.0)  # a longer statement is logged and counted
CACHE_URL = env.str("CACHE_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": env.cache(CACHE_URL) if CACHE_URL else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
    # django-q2's sentinel writes its state twice a second: it must not need the database that it may have to wait for
    "cluster": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": VAR_DIR / "cluster"},
}

# ── Background work ──────────────────────────────────────────────────────
JOBS_WORKERS = env.int("JOBS_WORKERS", default=2)
JOBS_QUEUES: list[str] = env.list("JOBS_QUEUES", default=["default", "letters", "audio", "staffing"])  # in order of preference
JOBS_EXPRESS = env.bool("JOBS_EXPRESS", default=True)  # one worker more, for the first queue alone
JOBS_INLINE = env.bool("JOBS_INLINE", default=False)  # run jobs within the request: for debugging only
JOBS_STOP_SECONDS = env.float("JOBS_STOP_SECONDS", default=20)  # a stopping worker lets its job run so long
JOBS_RETENTION_SECONDS = env.int("JOBS_RETENTION_SECONDS", default=3600)  # done and cancelled jobs: how long the token answers
JOBS_ERROR_RETENTION_SECONDS = env.int("JOBS_ERROR_RETENTION_SECONDS", default=30 * 86400)  # failed jobs wait for a person
JOBS_SCOPES_OF = "lessons.access.scopes_of"  # the jobs that a user may see; the jobs app knows no clubs
JOBS_MAY_CHANGE = "lessons.access.may_change"  # those that a user may cancel and try again
JOBS_CACHE_READS = "staffing.counters.read_all"  # whose hits and misses the health shows
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
Q_CLUSTER: dict[str, Any] = {
    "name": "aussitot",
    "broker_class": "jobs.broker.Doorbell",
    "orm": "default",
    "cache": "cluster",
    "workers": JOBS_WORKERS + (JOBS_EXPRESS and len(JOBS_QUEUES) > 1),
    "queue_limit": 50,  # never so few that the pusher blocks on a full table
    "timeout": 600,  # for plain async_task() only: a job has its own, in @job
    "retry": 660,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "label": _("Plain tasks"),
    "log_level": LOG_LEVEL,
}

# ── Mail ─────────────────────────────────────────────────────────────────
EMAIL_URL = env.str("EMAIL_URL", default="smtp://127.0.0.1:1025")
vars().update(env.email(EMAIL_URL))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Aussitôt <aussitot@localhost>")
MAIL_SERVICE = env.choice("MAIL_SERVICE", default="", choices=("", *SERVICES))  # instead of EMAIL_URL
MAIL_SERVICE_KEY = env.str("MAIL_SERVICE_KEY", default="")
MAIL_SERVICE_URL = env.str("MAIL_SERVICE_URL", default="")
MAIL_WEBHOOK_SECRET = env.str("MAIL_WEBHOOK_SECRET", default="")
if MAIL_SERVICE:
    EMAIL_BACKEND = backend_of(MAIL_SERVICE)
    ANYMAIL = anymail_settings(MAIL_SERVICE, key=MAIL_SERVICE_KEY, url=MAIL_SERVICE_URL, secret=MAIL_WEBHOOK_SECRET, timeout=EMAIL_TIMEOUT)
MAILBOX_DIR = VAR_DIR / "mailbox"  # what the development mail catcher received

# ── People ───────────────────────────────────────────────────────────────
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/club/planning"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "config.proxy.client_address"
AXES_LOCKOUT_CALLABLE = "config.views.locked_out"

# ── Language and time ────────────────────────────────────────────────────
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Brussels"
USE_I18N = USE_TZ = True

# ── Admin ────────────────────────────────────────────────────────────────
GREEN = {50: 97, 100: 94, 200: 89, 300: 82, 400: 72, 500: 60, 600: 50, 700: 42, 800: 36, 900: 31, 950: 24}  # lightness in %
UNFOLD = {
    "SITE_TITLE": "Aussitôt",
    "SITE_HEADER": "Aussitôt",
    "SITE_SUBHEADER": _("For operators"),
    "SITE_URL": "/club/planning",
    "COLORS": {"primary": {str(shade): f"oklch({lightness}% .06 165)" for shade, lightness in GREEN.items()}},
}

# ── Files ────────────────────────────────────────────────────────────────
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
AUDIO_S3_BUCKET = env.str("AUDIO_S3_BUCKET", default="")  # its keys and region: boto3's own AWS_… variables
AUDIO_S3_ENDPOINT_URL = env.str("AUDIO_S3_ENDPOINT_URL", default="")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "audio": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": AUDIO_S3_BUCKET, "endpoint_url": AUDIO_S3_ENDPOINT_URL or None, "default_acl": "private"},
    }
    if AUDIO_S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# ── Voice notes ──────────────────────────────────────────────────────────
AUDIO_MAX_MEGABYTES = env.int("AUDIO_MAX_MEGABYTES", default=25)
AUDIO_MAX_MINUTES = env.int("AUDIO_MAX_MINUTES", default=10)
AUDIO_UPLOADS_A_MINUTE = env.int("AUDIO_UPLOADS_A_MINUTE", default=10)  # of one user
AUDIO_RETENTION_DAYS = env.int("AUDIO_RETENTION_DAYS", default=30)
AUDIO_KEEP_TRANSCRIPTS = env.bool("AUDIO_KEEP_TRANSCRIPTS", default=True)
TRANSCRIBER = env.choice("TRANSCRIBER", default="pocketsphinx", choices=("openai", "faster-whisper", "pocketsphinx"))
EXTRACTOR = env.choice("EXTRACTOR", default="rules", choices=("openai", "rules"))
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="")  # empty: OpenAI's own
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_TRANSCRIPTION_MODEL = env.str("OPENAI_TRANSCRIPTION_MODEL", default="whisper-1")
OPENAI_EXTRACTION_MODEL = env.str("OPENAI_EXTRACTION_MODEL", default="gpt-4o-mini")
OPENAI_TIMEOUT = env.int("OPENAI_TIMEOUT", default=120)
WHISPER_MODEL = env.str("WHISPER_MODEL", default="small")  # a name, or a folder
WHISPER_DEVICE = env.choice("WHISPER_DEVICE", default="auto", choices=("auto", "cpu", "cuda"))
WHISPER_COMPUTE_TYPE = env.str("WHISPER_COMPUTE_TYPE", default="default")
WHISPER_DOWNLOAD = env.bool("WHISPER_DOWNLOAD", default=False)  # let a worker fetch a model that is named and not there

# ── API ──────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.rest.Tokens",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["config.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.rest.JSONParser"],
    "EXCEPTION_HANDLER": "config.rest.answer",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 100,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend", "rest_framework.filters.OrderingFilter"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_TOKEN_DAYS = env.int("API_TOKEN_DAYS", default=30)
REST_KNOX = {"AUTH_HEADER_PREFIX": "Token", "TOKEN_TTL": timedelta(days=API_TOKEN_DAYS), "AUTO_REFRESH": True}
SPECTACULAR_SETTINGS = {
    "TITLE": "Aussitôt",
    "DESCRIPTION": "The back office of activity clubs that never makes anyone wait.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "JobStatusEnum": "jobs.models.Job.Status",
        "LessonStatusEnum": "lessons.models.Lesson.Status",
        "EnrolmentStatusEnum": "lessons.models.Enrolment.Status",
        "AttendanceEnum": "lessons.models.Attendance",
        "RealisationStatusEnum": "lessons.models.Realisation.Status",
        "LetterStatusEnum": "letters.models.VolunteerLetterSend.Status",
    },
}

# ── Security ─────────────────────────────────────────────────────────────
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/", "/api/docs/"],  # unfold and Swagger UI bring inline scripts of their own
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}

# ── Logs: ids and kinds, never a name or an address ──────────────────────
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
