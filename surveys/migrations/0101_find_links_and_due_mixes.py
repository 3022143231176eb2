"""Named look-ups of the survey room: where a personal link leads, and which audiences the mixer should look after."""

from django.db import migrations

from practice.rls import lookup_sql

LOOKUPS = [
    lookup_sql(
        "crmgap_survey_link",
        arguments="wanted bytea",
        returns="practice_id uuid, wave_audience_id uuid, recipient_id uuid",
        body=(
            "SELECT l.practice_id, l.wave_audience_id, l.recipient_id FROM surveys_surveylink l "
            "WHERE l.digest = wanted AND NOT l.is_revoked"
        ),
        reads={
            "surveys_surveylink": [
                "practice_id",
                "wave_audience_id",
                "recipient_id",
                "digest",
                "is_revoked",
            ]
        },
    ),
    lookup_sql(
        "crmgap_due_mixes",
        arguments="moment timestamptz",
        returns="practice_id uuid, wave_audience_id uuid",
        body=(
            "SELECT a.practice_id, a.id FROM surveys_waveaudience a "
            "WHERE a.state IN ('open', 'paused', 'closed') AND ("
            "a.totals_at IS NULL OR a.totals_at <= moment - interval '1 hour' "
            "OR a.closes_at <= moment - interval '15 minutes' "
            "OR (a.state = 'closed' AND NOT EXISTS "
            "(SELECT 1 FROM surveys_draft d WHERE d.wave_audience_id = a.id)) "
            "OR (a.mode = 'confidential' "
            "AND (SELECT count(*) FROM surveys_spoolentry s WHERE s.wave_audience_id = a.id) >= 20 "
            "AND (SELECT count(*) FROM surveys_ledgerentry e WHERE e.wave_audience_id = a.id) >= 40)) "
            "ORDER BY a.totals_at NULLS FIRST LIMIT 200"
        ),
        reads={
            "surveys_waveaudience": ["id", "practice_id", "state", "mode", "closes_at", "totals_at"],
            "surveys_draft": ["wave_audience_id"],
            "surveys_spoolentry": ["wave_audience_id"],
            "surveys_ledgerentry": ["wave_audience_id"],
        },
    ),
]


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial"), ("practice", "0002_walls_and_lookups")]

    operations = [migrations.RunSQL(forward, backward) for forward, backward in LOOKUPS]
