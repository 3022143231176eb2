"""The one settings file: every value comes from a typed reader and is named in .env.example."""

import base64
import binascii
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from crmgap_site import env, logs

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.read_text("VAR_DIR", str(BASE_DIR / "var")))

# --- what this installation is ------------------------------------------------------------------
DEBUG = env.read_flag("DEBUG", default=False)
SECRET_KEY = env.read_text("SECRET_KEY", "")
MASTER_KEY_TEXT = env.read_text("MASTER_KEY", "")
BASE_URL = env.read_text("BASE_URL", "http://localhost:8000").rstrip("/")
IS_HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.read_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must be set to at least 50 random characters.")
try:
    MASTER_KEY = base64.urlsafe_b64decode(MASTER_KEY_TEXT)
except (binascii.Error, ValueError) as error:
    raise ImproperlyConfigured("MASTER_KEY must be 32 random bytes in URL-safe base64.") from error
if len(MASTER_KEY) != 32:
    raise ImproperlyConfigured("MASTER_KEY must be 32 random bytes in URL-safe base64.")

# --- rooms --------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_filters",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "practice",
    "surveys",
    "diagnosis",
    "reports",
    "crmgap_site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "practice.middleware.RequestIdMiddleware",
    "surveys.respondent_middleware.RespondentMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "practice.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "practice.middleware.PracticeMiddleware",
]
METRICS_TOKEN = env.read_text("METRICS_TOKEN", "")
if METRICS_TOKEN:
    if len(METRICS_TOKEN) < 20:
        raise ImproperlyConfigured("METRICS_TOKEN must have at least 20 random characters.")
    MIDDLEWARE.insert(0, "crmgap_site.metrics.MetricsMiddleware")
ROOT_URLCONF = "crmgap_site.urls"
WSGI_APPLICATION = "crmgap_site.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "crmgap_site" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "practice.context.portal",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- PostgreSQL: the app role for everything, the owner role for migrations only ------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.read_database("DATABASE_URL", "postgresql://crmgap_app@localhost/crmgap"),
    "owner": env.read_database("DATABASE_OWNER_URL", "postgresql://crmgap_owner@localhost/crmgap"),
}
DATABASES["default"] |= {"ATOMIC_REQUESTS": True, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
# Of the statements of practice/statements.py alone: Django's own cursors never prepare.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis protocol: broker and cache -------------------------------------------------------------
REDIS_URL = env.read_text("REDIS_URL", "redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "crmgap",
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
SWEEP_SECONDS = env.read_number("SWEEP_SECONDS", 30, minimum=1, maximum=600)

# --- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "practice.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SIGNUP_OPEN = env.read_flag("SIGNUP_OPEN", default=False)
ACCOUNT_ADAPTER = "practice.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = env.read_number("TRUSTED_PROXIES", 0, maximum=5)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = (
    not IS_HTTPS
)  # http is for one's own machine alone; browsers ask for localhost
MFA_TOTP_ISSUER = "CRMGap"
MFA_ALLOW_UNVERIFIED_EMAIL = (
    True  # no address is verified here; else no owner could turn the second factor on
)
MFA_FORMS = {"add_webauthn": "practice.account_forms.AddPasskeyForm"}
MFA_ADAPTER = "practice.accounts.SecondFactorAdapter"

# --- cookies and headers ----------------------------------------------------------------------
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "crmgap_site.views.csrf_failure"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- words, numbers, time -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "crmgap_site" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.read_text("STATIC_DIR", "") or VAR_DIR / "static")
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- mail ---------------------------------------------------------------------------------------
SMTP_HOST = env.read_text("SMTP_HOST", "")
SMTP_PORT = env.read_number("SMTP_PORT", 25, minimum=1, maximum=65535)
SMTP_USER = env.read_text("SMTP_USER", "")
SMTP_PASSWORD = env.read_text("SMTP_PASSWORD", "")
SMTP_STARTTLS = env.read_flag("SMTP_STARTTLS", default=False)
MAIL_SINK_DIR = env.read_text("MAIL_SINK_DIR", "")
MAIL_DOMAIN = env.read_text("MAIL_DOMAIN", "crmgap.invalid")
MAIL_NEXT_HOP = env.read_text("MAIL_NEXT_HOP", "sink" if MAIL_SINK_DIR else "smtp")
if MAIL_NEXT_HOP not in {"sink", "smtp"}:
    raise ImproperlyConfigured("MAIL_NEXT_HOP must be 'sink' or 'smtp'.")
MAIL_LEASE_SECONDS = env.read_number("MAIL_LEASE_SECONDS", 60, minimum=1, maximum=3600)
MAIL_UNCERTAIN_SECONDS = env.read_number("MAIL_UNCERTAIN_SECONDS", 900, minimum=1, maximum=86_400)
MAIL_DKIM_SELECTOR = env.read_text("MAIL_DKIM_SELECTOR", "crmgap")
MAIL_DKIM_KEY_FILE = env.read_text("MAIL_DKIM_KEY_FILE", "")
MAIL_DNS_SERVERS = env.read_list("MAIL_DNS_SERVERS", "")
MAIL_PROVIDER_URLS = {
    "mailgun": "https://api.mailgun.net/v3/",
    "mailgun-eu": "https://api.eu.mailgun.net/v3/",
    "postmark": "https://api.postmarkapp.com/",
    "brevo": "https://api.brevo.com/v3/",
}
MAIL_ALLOW_PRIVATE_HOSTS = env.read_flag("MAIL_ALLOW_PRIVATE_HOSTS", default=False)
RETURN_ADDRESS = env.read_text("RETURN_ADDRESS", f"return@{MAIL_DOMAIN}" if MAIL_SINK_DIR else "")
RETURN_MAILBOX_URL = env.read_text("RETURN_MAILBOX_URL", "")
RETURN_DIR = env.read_text("RETURN_DIR", f"{MAIL_SINK_DIR}/returned" if MAIL_SINK_DIR else "")
RETURN_SECONDS = env.read_number("RETURN_SECONDS", 60, minimum=5, maximum=86_400)
if len(RETURN_ADDRESS.partition("@")[0]) > 19 or RETURN_ADDRESS.count("@") > 1:
    raise ImproperlyConfigured("RETURN_ADDRESS must be an address with at most 19 characters before the @.")
if RETURN_MAILBOX_URL and not RETURN_MAILBOX_URL.startswith(("pop3s://", "pop3://", "imaps://", "imap://")):
    raise ImproperlyConfigured(
        "RETURN_MAILBOX_URL must be written as pop3s:// or imaps://user:password@host."
    )
EMAIL_HOST, EMAIL_PORT = SMTP_HOST or "localhost", SMTP_PORT
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS = SMTP_USER, SMTP_PASSWORD, SMTP_STARTTLS
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.read_text("DEFAULT_FROM_EMAIL", f"CRMGap <no-reply@{MAIL_DOMAIN}>")

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["practice.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["practice.api.permissions.IsTokenOfPractice"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["practice.api.parsers.JsonObjectParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "practice.api.negotiation.JsonUnlessFile",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_FILTER_BACKENDS": ["practice.api.filters.NamedFilters", "practice.api.filters.NamedOrder"],
    "DEFAULT_PAGINATION_CLASS": "practice.api.pagination.PageNumberPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "practice.api.errors.handle_api_error",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CRMGap API",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "practice.api.idempotency.describe_header",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ActionState": "diagnosis.enums.ActionState",
        "DiagnosisState": "diagnosis.enums.DiagnosisState",
        "JobState": "practice.enums.JobState",
        "Level": "diagnosis.enums.Level",
        "ReportKind": "reports.enums.ReportKind",
        "ReportState": "reports.enums.ReportState",
        "WaveKind": "surveys.enums.WaveKind",
    },
}

LOGGING = logs.configuration(level=env.read_text("LOG_LEVEL", "INFO"))

# --- Celery: a message only wakes a worker, so losing or doubling one does no harm ------------------
VISIBILITY_SECONDS = 3600
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": VISIBILITY_SECONDS}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "practice.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
}
if RETURN_MAILBOX_URL or RETURN_DIR:
    CELERY_BEAT_SCHEDULE["returned"] = {
        "task": "surveys.tasks.collect_returned_mails",
        "schedule": RETURN_SECONDS,
        "options": {"expires": RETURN_SECONDS},
    }
