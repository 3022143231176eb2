"""Named look-ups of the resolver role, and the audit record made append-only for the app role."""

from django.db import migrations

from practice.rls import APP_ROLE, lookup_sql

LOOKUPS = [
    lookup_sql(
        "crmgap_practices_of_user",
        arguments="wanted bigint",
        returns="practice_id uuid, member_id uuid, slug varchar, name varchar",
        body=(
            "SELECT m.practice_id, m.id, p.slug, p.name FROM practice_member m "
            "JOIN practice_practice p ON p.id = m.practice_id "
            "WHERE m.user_id = wanted AND m.is_active ORDER BY p.name, p.id"
        ),
        reads={
            "practice_member": ["id", "practice_id", "user_id", "is_active"],
            "practice_practice": ["id", "slug", "name"],
        },
    ),
    lookup_sql(
        "crmgap_practice_of_token",
        arguments="wanted bytea",
        returns="practice_id uuid, token_id uuid",
        body=(
            "SELECT t.practice_id, t.id FROM practice_apitoken t "
            "WHERE t.digest = wanted AND t.revoked_at IS NULL AND t.expires_at > now()"
        ),
        reads={"practice_apitoken": ["id", "practice_id", "digest", "revoked_at", "expires_at"]},
    ),
    lookup_sql(
        "crmgap_due_jobs",
        arguments="moment timestamptz, most integer",
        returns="practice_id uuid, job_id uuid, kind varchar",
        body=(
            "SELECT j.practice_id, j.id, j.kind FROM practice_job j "
            "WHERE j.state = 'queued' OR (j.state = 'running' AND j.lease_until < moment) "
            "ORDER BY j.created_at LIMIT most"
        ),
        reads={"practice_job": ["id", "practice_id", "kind", "state", "lease_until", "created_at"]},
    ),
]


class Migration(migrations.Migration):
    dependencies = [("practice", "0001_initial")]

    operations = [
        *(migrations.RunSQL(forward, backward) for forward, backward in LOOKUPS),
        migrations.RunSQL(
            f"REVOKE UPDATE, DELETE, TRUNCATE ON practice_auditentry FROM {APP_ROLE}",
            f"GRANT UPDATE, DELETE ON practice_auditentry TO {APP_ROLE}",
        ),
    ]
