"""The test database: built by the owner role, used through the app role, so that both walls stand in every test."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from django.utils import translation

from practice.models import Member, Practice
from practice.scope import practice_scope
from tests.factories.practice import found_practice

GRANTS = """
GRANT USAGE, CREATE ON SCHEMA public TO crmgap_resolver;
GRANT USAGE ON SCHEMA public TO crmgap_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO crmgap_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO crmgap_app;
"""
pytest_plugins = ["tests.reference.plugin"]


@pytest.fixture(autouse=True)
def own_language() -> None:
    """Begin each test in the product's own language, whatever the request of an earlier test has spoken."""
    translation.deactivate()


KEPT = ("django_migrations", "django_content_type", "auth_permission")


def owner_dsn(database: str) -> str:
    """Return libpq's connection string of the owner role for a database."""
    owner = settings.DATABASES["owner"]
    parts = {
        "host": owner["HOST"],
        "port": owner["PORT"],
        "user": owner["USER"],
        "password": owner["PASSWORD"],
        "dbname": database,
    }
    return psycopg.conninfo.make_conninfo("", **{key: value for key, value in parts.items() if value})


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Create the test database as the owner, migrate it, and point both aliases at it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_crmgap_{os.environ.get('CRMGAP_TEST_DB', 'all')}_{worker}"
    original = settings.DATABASES["owner"]["NAME"]
    with psycopg.connect(owner_dsn(original), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    with psycopg.connect(owner_dsn(name), autocommit=True) as database:
        database.execute(GRANTS)
    for alias in ("default", "owner"):
        connections[alias].close()
        settings.DATABASES[alias]["NAME"] = name
        connections[alias].settings_dict["NAME"] = name
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()
    # A process that a fault test killed may still hold a session of the app role, which the owner cannot end: then the
    # database stays until the next run, or until its private server goes.
    held = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse)
    with psycopg.connect(owner_dsn(original), autocommit=True) as server, suppress(*held):
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def truncate_as_owner(_self: TransactionTestCase) -> None:
    """Empty the tables after a transactional test; the app role may not."""
    connections["default"].close()
    with psycopg.connect(owner_dsn(settings.DATABASES["owner"]["NAME"]), autocommit=True) as database:
        rows = database.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT tablename = ANY(%s)",
            [list(KEPT)],
        )
        tables = ", ".join(f'"{row[0]}"' for row in rows)
        database.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


TransactionTestCase._fixture_teardown = truncate_as_owner


@pytest.fixture(autouse=True)
def _fast_hashing(settings: Any, tmp_path: Any) -> None:
    """Keep passwords cheap and files in the test's own folder."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def owner_a(db: None) -> Member:
    """Return the owner of practice A."""
    return found_practice("Alder Consulting")


@pytest.fixture
def owner_b(db: None) -> Member:
    """Return the owner of practice B."""
    return found_practice("Birch Advisory")


@pytest.fixture
def practice_a(owner_a: Member) -> Practice:
    """Return practice A."""
    return owner_a.practice


@pytest.fixture
def practice_b(owner_b: Member) -> Practice:
    """Return practice B."""
    return owner_b.practice


@pytest.fixture
def scope_a(practice_a: Practice) -> Iterator[UUID]:
    """Keep the scope of practice A open during the test."""
    scope: AbstractContextManager[UUID] = practice_scope(practice_a)
    with scope as practice_id:
        yield practice_id
