"""Totals of jobs above all practices, for the operator's metrics: kinds, states and ages, no row of anybody."""

from django.db import migrations

from practice.rls import lookup_sql

LOOKUP = lookup_sql(
    "crmgap_job_totals",
    arguments="moment timestamptz",
    returns="kind varchar, state varchar, n bigint, oldest_due double precision",
    body=(
        "SELECT j.kind, j.state, count(*), EXTRACT(EPOCH FROM moment - min(j.created_at) FILTER "
        "(WHERE j.state = 'queued' OR (j.state = 'running' AND j.lease_until < moment)))::double precision "
        "FROM practice_job j GROUP BY j.kind, j.state ORDER BY j.kind, j.state"
    ),
    reads={"practice_job": ["id", "practice_id", "kind", "state", "lease_until", "created_at"]},
)


class Migration(migrations.Migration):
    dependencies = [("practice", "0006_mail_footer")]

    operations = [migrations.RunSQL(*LOOKUP)]
