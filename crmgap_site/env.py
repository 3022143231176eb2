"""Typed readers of environment variables; a wrong value stops the start with a line that names the variable."""

import hashlib
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})
PLACE_IN_QUERY = frozenset({"host", "port"})
DATABASE_OPTIONS = frozenset(
    {
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "connect_timeout",
        "target_session_attrs",
        "application_name",
    }
)


def read_text(name: str, default: str | None = None) -> str:
    """Return the variable's text, or the default; without a default it must be set."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. See .env.example for what it holds.")
    return value


def read_flag(name: str, *, default: bool = False) -> bool:
    """Return a yes/no variable; anything but 1/true/yes/on or 0/false/no/off is refused."""
    text = os.environ.get(name, "true" if default else "false").strip().lower()
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={text!r} is neither yes nor no. Use 1 or 0.")


def read_number(name: str, default: int, *, minimum: int = 0, maximum: int = 2**31) -> int:
    """Return a whole number between the limits."""
    text = os.environ.get(name, str(default)).strip()
    try:
        number = int(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={text!r} is not a whole number.") from error
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name}={number} must lie between {minimum} and {maximum}.")
    return number


def read_list(name: str, default: str = "") -> list[str]:
    """Return the comma-separated values without blanks."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def read_database(name: str, default: str) -> dict[str, Any]:
    """Return Django's settings for a URL postgresql://user:password@host:port/name?host=/socket&sslmode=require."""
    return parse_database(name, os.environ.get(name, default))


def parse_database(name: str, text: str) -> dict[str, Any]:
    """Return Django's settings for the URL in the variable of that name."""
    url = urlsplit(text)
    if url.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"{name} must be a postgresql:// URL; PostgreSQL is the only engine.")
    query: Mapping[str, list[str]] = parse_qs(url.query)
    database = unquote(url.path.lstrip("/"))
    if not database:
        raise ImproperlyConfigured(f"{name} names no database after the host.")
    unknown = sorted(set(query) - PLACE_IN_QUERY - DATABASE_OPTIONS)
    if unknown:
        raise ImproperlyConfigured(f"{name} has the unknown option {unknown[0]!r} after the question mark.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {option: query[option][0] for option in sorted(DATABASE_OPTIONS & set(query))},
        "NAME": database,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query.get("host", [unquote(url.hostname or "")])[0],
        "PORT": str(url.port or query.get("port", [""])[0]),
    }


def database_mark(database: Mapping[str, Any]) -> str:
    """Return 16 hex digits that tell databases apart, whoever signs in: by server, port and name."""
    place = "|".join(str(database[part]) for part in ("HOST", "PORT", "NAME"))
    return hashlib.sha256(place.encode()).hexdigest()[:16]
