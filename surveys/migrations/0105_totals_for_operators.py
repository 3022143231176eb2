"""Totals of mails and of the mixer above all practices, for the operator's metrics."""

from django.db import migrations

from practice.rls import lookup_sql

LOOKUPS = [
    lookup_sql(
        "crmgap_delivery_totals",
        arguments="moment timestamptz",
        returns="state varchar, n bigint, oldest_due double precision",
        body=(
            "SELECT d.state, count(*), EXTRACT(EPOCH FROM moment - min(d.due_at) FILTER "
            "(WHERE a.state = 'open' AND d.due_at <= moment AND d.state IN ('planned', 'queued')))::double precision "
            "FROM surveys_delivery d JOIN surveys_waveaudience a ON a.id = d.wave_audience_id "
            "GROUP BY d.state ORDER BY d.state"
        ),
        reads={
            "surveys_delivery": ["practice_id", "wave_audience_id", "state", "due_at", "lease_until"],
            "surveys_waveaudience": ["id", "state"],
        },
    ),
    lookup_sql(
        "crmgap_mixer_totals",
        arguments="moment timestamptz",
        returns="waiting bigint, overdue bigint",
        body=(
            "SELECT (SELECT count(*) FROM surveys_spoolentry s), "
            "(SELECT count(*) FROM surveys_waveaudience a WHERE a.state IN ('open', 'paused', 'closed') "
            "AND a.closes_at <= moment - interval '1 hour')"
        ),
        reads={
            "surveys_spoolentry": ["wave_audience_id"],
            "surveys_waveaudience": ["id", "state", "closes_at"],
        },
    ),
]


class Migration(migrations.Migration):
    dependencies = [("surveys", "0104_responses_collected_elsewhere"), ("practice", "0005_lookup_rights")]

    operations = [migrations.RunSQL(forward, backward) for forward, backward in LOOKUPS]
