"""For how many months answers of a wave are kept, as told at its launch, and which waves are due for deletion."""

from django.db import migrations, models

from practice.rls import lookup_sql

DUE = lookup_sql(
    "crmgap_due_deletions",
    arguments="moment timestamptz",
    returns="practice_id uuid, wave_id uuid",
    body=(
        "SELECT w.practice_id, w.id FROM surveys_wave w JOIN practice_practice p ON p.id = w.practice_id "
        "WHERE w.answers_deleted_at IS NULL AND w.closed_at IS NOT NULL AND w.closed_at AT TIME ZONE 'UTC' "
        "+ make_interval(months => COALESCE(w.keep_months, GREATEST(p.retention_months, 1))::integer) "
        "<= moment AT TIME ZONE 'UTC' ORDER BY w.closed_at LIMIT 200"
    ),
    reads={
        "surveys_wave": ["id", "practice_id", "closed_at", "keep_months", "answers_deleted_at"],
        "practice_practice": ["id", "retention_months"],
    },
)
TOLD = (
    "UPDATE surveys_wave w SET keep_months = GREATEST(p.retention_months, 1) FROM practice_practice p "
    "WHERE p.id = w.practice_id AND w.launched_at IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0118_pace_and_rounds"), ("practice", "0012_client_time_zones")]

    operations = [
        migrations.AddField(
            model_name="wave",
            name="keep_months",
            field=models.PositiveSmallIntegerField(
                help_text="Months for which answers and people are kept after the end, as told; fixed at launch.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="wave",
            name="answers_deleted_at",
            field=models.DateTimeField(help_text="When answers and people were deleted.", null=True),
        ),
        migrations.RunSQL(*DUE),
        migrations.RunSQL(TOLD, migrations.RunSQL.noop),
    ]
