"""Refusals at start: the app's database role must not be superuser, owner of tables, or able to bypass policies."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from practice.rls import OWNER_ROLE

ROLE_QUERY = """
SELECT current_user, r.rolsuper, r.rolbypassrls,
       current_user = %s OR EXISTS (
           SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid
       )
FROM pg_roles r WHERE r.rolname = current_user
"""


def refuse_powerful_role(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Stop when the connection of the app could see past row-level security."""
    if connection.alias != "default":
        return
    with connection.cursor() as cursor:
        cursor.execute(ROLE_QUERY, [OWNER_ROLE])
        name, is_superuser, bypasses, inherits = cursor.fetchone()
    if is_superuser or bypasses or inherits:
        connection.close()
        raise ImproperlyConfigured(
            f"DATABASE_URL signs in as {name}, which can look past row-level security. "
            "Use the role crmgap_app (see docs/operations.md)."
        )
