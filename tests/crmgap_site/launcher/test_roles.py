"""The three roles have exactly their rights: on the embedded server and when a managed one is prepared."""

import psycopg
import pytest

from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.postgres import wheel_binaries
from crmgap_site.launcher.roles import (
    apply_bootstrap,
    apply_everything,
    bootstrap_sql,
    checked_password,
    plain_name,
    psql_script,
)

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
MEMBERSHIPS = """
SELECT r.rolname, m.rolname, a.inherit_option, a.set_option, a.admin_option
FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
WHERE r.rolname LIKE %s
"""


def url_of(servers: dict[str, str], role: str, database: str = "crmgap") -> str:
    """Return the URL of another role or database of the same server."""
    return servers["DATABASE_OWNER_URL"].replace("crmgap_owner@/crmgap", f"{role}@/{database}")


def test_no_role_inherits_from_another(servers: dict[str, str]) -> None:
    with psycopg.connect(url_of(servers, "postgres")) as admin:
        assert admin.execute(MEMBERSHIPS, ["crmgap%"]).fetchall() == [
            ("crmgap_resolver", "crmgap_owner", False, True, False)
        ]
        flags = admin.execute(
            "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication, rolcanlogin "
            "FROM pg_roles WHERE rolname LIKE 'crmgap%' ORDER BY 1"
        ).fetchall()
    assert flags == [
        ("crmgap_app", False, True),
        ("crmgap_owner", False, True),
        ("crmgap_resolver", False, False),
    ]


def test_owner_makes_tables_and_app_only_uses_them(servers: dict[str, str]) -> None:
    with psycopg.connect(servers["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE wave (id serial PRIMARY KEY, name text)")
    with psycopg.connect(servers["DATABASE_URL"], autocommit=True) as app:
        app.execute("INSERT INTO wave (name) VALUES ('first')")
        assert app.execute("SELECT name FROM wave").fetchall() == [("first",)]
        for refused in ("CREATE TABLE mine (id int)", "DROP TABLE wave", "TRUNCATE wave"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(refused.encode())


def test_owner_hands_functions_over_to_the_resolver(servers: dict[str, str]) -> None:
    with psycopg.connect(servers["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE FUNCTION look_up() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
        owner.execute("ALTER FUNCTION look_up() OWNER TO crmgap_resolver")
    with psycopg.connect(servers["DATABASE_URL"]) as app:
        assert app.execute("SELECT look_up()").fetchone() == (1,)


def test_policy_of_the_resolver_does_not_reach_the_owner(servers: dict[str, str]) -> None:
    with psycopg.connect(servers["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE link (id int)")
        owner.execute("INSERT INTO link VALUES (1)")
        owner.execute("ALTER TABLE link ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY lookup ON link FOR SELECT TO crmgap_resolver USING (true)")
        assert owner.execute("SELECT * FROM link").fetchall() == []


def test_bootstrap_may_run_again(servers: dict[str, str]) -> None:
    bootstrap = bootstrap_sql(owner_creates_databases=True)
    with psycopg.connect(url_of(servers, "postgres", "postgres"), autocommit=True) as admin:
        assert apply_bootstrap(admin, bootstrap) is False
    with psycopg.connect(url_of(servers, "postgres"), autocommit=True) as admin:
        admin.execute(bootstrap.database.encode())


def test_managed_server_is_prepared_without_a_superuser(servers: dict[str, str]) -> None:
    with psycopg.connect(url_of(servers, "postgres", "postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE cloud_admin LOGIN CREATEROLE CREATEDB")
    names = ("gap_owner", "gap_app", "gap_resolver", "gap")
    bootstrap = bootstrap_sql(*names)
    for is_created in (True, False):
        with psycopg.connect(url_of(servers, "cloud_admin", "postgres"), autocommit=True) as admin:
            assert apply_bootstrap(admin, bootstrap) is is_created
        with psycopg.connect(url_of(servers, "cloud_admin", "gap"), autocommit=True) as admin:
            admin.execute(bootstrap.database.encode())
    with psycopg.connect(url_of(servers, "gap_owner", "gap"), autocommit=True) as owner:
        owner.execute("CREATE FUNCTION look_up() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        owner.execute("ALTER FUNCTION look_up() OWNER TO gap_resolver")
        owner.execute("CREATE TABLE wave (id serial)")
    with psycopg.connect(url_of(servers, "gap_app", "gap"), autocommit=True) as app:
        app.execute("INSERT INTO wave DEFAULT VALUES")


def test_role_that_passes_the_walls_is_refused(servers: dict[str, str]) -> None:
    with psycopg.connect(url_of(servers, "postgres", "postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE strong_app LOGIN BYPASSRLS")
        with pytest.raises(psycopg.errors.RaiseException, match="strong_app must be neither"):
            admin.execute(bootstrap_sql(app="strong_app").cluster.encode())


def test_name_that_needs_quoting_is_refused() -> None:
    with pytest.raises(ValueError, match="plain SQL name"):
        plain_name("crmgap; DROP ROLE x")


def test_script_is_complete_for_psql() -> None:
    script = psql_script(bootstrap_sql(), "crmgap", "crmgap_owner", "crmgap_app")
    assert "\\gexec" in script
    assert "\\connect crmgap" in script
    assert (
        script.index("CREATE ROLE crmgap_owner")
        < script.index("CREATE DATABASE")
        < script.index("GRANT USAGE")
    )


def test_wheel_brings_the_binaries() -> None:
    assert any((folder / "initdb").exists() for folder in wheel_binaries())


def test_apply_makes_roles_that_sign_in_by_the_password_of_their_url(servers: dict[str, str]) -> None:
    urls = {
        "made_owner": "postgresql://made_owner:o%40p@db/made",
        "made_app": "postgresql://made_app:a%2Fp@db/made",
    }
    bootstrap = bootstrap_sql("made_owner", "made_app", "made_resolver", "made")
    for _twice in range(2):
        apply_everything(url_of(servers, "postgres", "postgres"), bootstrap, "made", urls)
    with psycopg.connect(url_of(servers, "postgres")) as admin:
        stored = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'made_app'").fetchone()
    assert stored is not None
    assert str(stored[0]).startswith("SCRAM-SHA-256$")
    with psycopg.connect(url_of(servers, "made_owner", "made"), autocommit=True) as owner:
        owner.execute("CREATE TABLE kept (id int)")
    with psycopg.connect(url_of(servers, "made_app", "made")) as app:
        assert app.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://other:p@db/crmgap", "must name that role"),
        ("postgresql://crmgap_app:p@db/other", "must name that role"),
        ("postgresql://crmgap_app@db/crmgap", "holds no password"),
        ("", "must name that role"),
    ],
)
def test_url_of_another_role_or_without_password_is_refused(url: str, said: str) -> None:
    with pytest.raises(LaunchError, match=said):
        checked_password(url, "crmgap_app", "crmgap")
