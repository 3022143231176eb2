"""Both walls, each alone: the leak table, composite keys, policies, and the refusal of powerful roles."""

import uuid

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from practice import audit, checks
from practice.exceptions import ScopeError
from practice.managers import ScopedManager
from practice.models import AuditEntry, ClientOrganisation, Engagement, Member, Practice, PracticeModel
from practice.scope import practice_scope
from tests.factories.practice import make_client, make_engagement

pytestmark = pytest.mark.django_db


async def iterate() -> list[ClientOrganisation]:
    return [client async for client in ClientOrganisation.objects.all()]


UNSCOPED = {
    "all": lambda: list(ClientOrganisation.objects.all()),
    "exists": ClientOrganisation.objects.exists,
    "exclude exists": lambda: ClientOrganisation.objects.exclude(pk=uuid.uuid4()).exists(),
    "count": ClientOrganisation.objects.count,
    "async iteration": lambda: iterate().send(None),
    "create": lambda: ClientOrganisation.objects.create(name="x"),
    "bulk_create": lambda: ClientOrganisation.objects.bulk_create([ClientOrganisation(name="x")]),
    "save": ClientOrganisation(name="x").save,
    "get_or_create": lambda: ClientOrganisation.objects.get_or_create(name="x"),
    "update": lambda: ClientOrganisation.objects.update(name="x"),
    "delete": lambda: ClientOrganisation.objects.all().delete(),
    "base manager": ClientOrganisation._base_manager.count,
    "raw": lambda: ClientOrganisation.objects.raw("SELECT 1"),
}


@pytest.mark.parametrize("name", UNSCOPED)
def test_unscoped_use_raises(name: str) -> None:
    with pytest.raises(ScopeError):
        UNSCOPED[name]()


def test_none_is_allowed_without_scope() -> None:
    assert list(ClientOrganisation.objects.none()) == []


@pytest.mark.parametrize("how", ["create", "save", "bulk_create", "update"])
def test_writing_for_another_practice_is_refused(how: str, owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
        foreign = ClientOrganisation(name="y", practice=owner_b.practice)
        acts = {
            "create": lambda: ClientOrganisation.objects.create(name="y", practice=owner_b.practice),
            "save": foreign.save,
            "bulk_create": lambda: ClientOrganisation.objects.bulk_create([foreign]),
            "update": lambda: ClientOrganisation.objects.filter(pk=client.pk).update(
                practice=owner_b.practice
            ),
        }
        with pytest.raises(ScopeError):
            acts[how]()
    with practice_scope(owner_b.practice):
        assert ClientOrganisation.objects.count() == 0


def test_scope_sees_only_its_own_rows_with_both_walls(owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
    with practice_scope(owner_b.practice):
        assert not ClientOrganisation.objects.filter(pk=client.pk).exists()
    with practice_scope(owner_a.practice):
        assert ClientOrganisation.objects.get() == client


def test_wall_two_alone_hides_foreign_rows(
    owner_a: Member, owner_b: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    with practice_scope(owner_a.practice):
        make_engagement(owner_a)
    monkeypatch.setattr(
        ScopedManager, "get_queryset", lambda self: ClientOrganisation._meta.base_manager.none().all()
    )
    with practice_scope(owner_b.practice), connection.cursor() as cursor:
        assert Engagement.objects.count() == ClientOrganisation.objects.count() == 0
        for table in ("practice_clientorganisation", "practice_engagement"):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  two fixed names
            assert cursor.fetchone()[0] == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM practice_clientorganisation")
        assert cursor.fetchone()[0] == 0


def test_wall_two_alone_refuses_foreign_inserts(owner_a: Member, owner_b: Member) -> None:
    sql = (
        "INSERT INTO practice_clientorganisation (id, practice_id, name, sector, colour, contact_name, "
        "contact_email, created_at) VALUES (%s, %s, 'x', '', '#000000', '', '', now())"
    )
    with (
        practice_scope(owner_b.practice),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [uuid.uuid4(), owner_a.practice_id])


def test_wall_one_alone_hides_foreign_rows(owner_a: Member, owner_b: Member) -> None:
    """The scoped manager filters by itself: the rows it asks for carry the scope's practice in SQL."""
    with practice_scope(owner_b.practice):
        sql = str(ClientOrganisation.objects.all().query)
    assert owner_b.practice_id.hex in sql.replace("-", "")


def test_child_cannot_point_to_a_foreign_parent(owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
    with practice_scope(owner_b.practice):
        Engagement.objects.create(client_organisation_id=client.pk, name="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.check_constraints()
    connection.set_rollback(True)


def test_deleting_a_parent_takes_its_children(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
        make_engagement(owner_a, client)
        client.delete()
        assert Engagement.objects.count() == 0


def test_nested_scope_of_another_practice_is_refused(owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_a.practice), pytest.raises(ScopeError), practice_scope(owner_b.practice):
        pass


def test_scope_variable_is_gone_after_the_block(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.practice', true)")
        assert cursor.fetchone()[0] in ("", None)
        cursor.execute("SELECT count(*) FROM practice_practice")
        assert cursor.fetchone()[0] == 0


def test_practice_row_is_visible_only_in_its_scope(owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_a.practice):
        assert [practice.pk for practice in Practice.objects.all()] == [owner_a.practice_id]


def test_audit_rows_cannot_be_changed(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        entry = AuditEntry.objects.first()
        for act in (lambda: AuditEntry.objects.update(verb="x"), entry.delete):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                act()


def test_audit_chain_holds(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        make_client(owner_a)
        make_client(owner_a)
        previous = ""
        for entry in AuditEntry.objects.order_by("id"):
            assert entry.previous_hash == previous
            assert entry.hash == audit.entry_hash(entry)
            previous = entry.hash


TENANT_TABLES = [model for model in apps.get_models() if issubclass(model, PracticeModel)]
ALLOWED_WITHOUT_POLICY = {"practice_user"}
FRAMEWORK_APPS = {"auth", "contenttypes", "sessions", "account", "mfa"}


def test_every_table_has_a_forced_policy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        walls = dict(cursor.fetchall())
    framework = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in FRAMEWORK_APPS
    } | {"django_migrations"}
    open_tables = {table for table, is_walled in walls.items() if not is_walled}
    assert open_tables - framework == ALLOWED_WITHOUT_POLICY


@pytest.mark.parametrize("model", TENANT_TABLES, ids=lambda model: model._meta.label)
def test_every_tenant_table_has_its_practice_and_composite_keys(model: type[PracticeModel]) -> None:
    assert not model._meta.get_field("practice").null
    assert isinstance(model._meta.default_manager, ScopedManager)
    tenant_columns = {
        field.column
        for field in model._meta.local_fields
        if field.is_relation and issubclass(field.related_model, PracticeModel)
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_constraint c "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) "
            "WHERE c.contype = 'f' AND c.conrelid = %s::regclass GROUP BY c.oid",
            [model._meta.db_table],
        )
        keys = [set(row[0]) for row in cursor.fetchall()]
    for column in tenant_columns:
        assert {"practice_id", column} in keys


def test_no_role_is_a_member_of_the_app_role_or_the_other_way_round() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid IN (m.member, m.roleid) "
            "WHERE r.rolname = 'crmgap_app'"
        )
        assert cursor.fetchone()[0] == 0


@pytest.mark.django_db(databases=["default", "owner"])
def test_a_powerful_role_is_refused() -> None:
    from django.db import connections

    owner = connections["owner"]
    owner.ensure_connection()

    class AsDefault:
        alias = "default"
        cursor = owner.cursor
        close = owner.close

    with pytest.raises(ImproperlyConfigured, match="row-level security"):
        checks.refuse_powerful_role(sender=None, connection=AsDefault())


@pytest.mark.django_db
def test_look_ups_are_open_to_the_app_role_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, array_agg(a.grantee::regrole::text ORDER BY 1) FROM pg_proc p, aclexplode(p.proacl) a "
            "WHERE p.proowner = 'crmgap_resolver'::regrole AND a.privilege_type = 'EXECUTE' GROUP BY p.proname"
        )
        rights = {name: set(grantees) for name, grantees in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proowner = 'crmgap_resolver'::regrole")
        assert cursor.fetchone() == (len(rights),)
    assert rights
    assert all(grantees == {"crmgap_resolver", "crmgap_app"} for grantees in rights.values()), rights
