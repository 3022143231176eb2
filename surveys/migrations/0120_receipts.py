"""Receipts: the wish for one in the ledger, a round of mails that also leaves when an audience is over."""

from django.db import migrations, models

from practice.rls import lookup_sql

BODY = (
    "SELECT a.practice_id, a.id FROM surveys_waveaudience a "
    "LEFT JOIN surveys_mailpace p ON p.practice_id = a.practice_id "
    "WHERE (p.turn_at IS NULL OR p.turn_at <= statement_timestamp() - make_interval(secs => idle_seconds)) "
    "AND (({who} AND NOT a.mails_paused "
    "AND (a.hold_until IS NULL OR a.hold_until <= statement_timestamp()) "
    "AND (p.hold_until IS NULL OR p.hold_until <= statement_timestamp()) "
    "AND EXISTS (SELECT 1 FROM surveys_delivery d WHERE d.wave_audience_id = a.id {what}"
    "AND d.due_at <= statement_timestamp() AND (d.state IN ('planned', 'queued') "
    "OR (d.state = 'retry' AND d.lease_until <= statement_timestamp())))) "
    "OR EXISTS (SELECT 1 FROM surveys_delivery d WHERE d.wave_audience_id = a.id "
    "AND d.state IN ('sending', 'uncertain') AND d.lease_until < statement_timestamp())) "
    "ORDER BY p.turn_at NULLS FIRST, a.practice_id, a.id LIMIT 200"
)


def _turns(who: str, what: str) -> tuple[str, str]:
    return lookup_sql(
        "crmgap_mail_turns",
        arguments="idle_seconds integer",
        returns="practice_id uuid, wave_audience_id uuid",
        body=BODY.replace("{who}", who).replace("{what}", what),
        reads={
            "surveys_delivery": [
                "practice_id",
                "wave_audience_id",
                "round",
                "state",
                "due_at",
                "lease_until",
            ],
            "surveys_waveaudience": ["id", "practice_id", "state", "opens_at", "mails_paused", "hold_until"],
            "surveys_mailpace": ["practice_id", "turn_at", "hold_until"],
        },
    )


BEFORE = _turns("a.state = 'open'", "")
NOW = _turns("a.state IN ('open', 'closed', 'released')", "AND (a.state = 'open' OR d.round = 'receipt') ")


class Migration(migrations.Migration):
    dependencies = [("surveys", "0119_answers_kept_for_months")]

    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="wants_receipt",
            field=models.BooleanField(
                default=False,
                help_text="Asked for a receipt; kept until the release of a confidential audience.",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="round",
            field=models.CharField(
                choices=[
                    ("invitation", "Invitation"),
                    ("reminder_1", "First reminder"),
                    ("reminder_2", "Second reminder"),
                    ("final", "Final reminder"),
                    ("receipt", "Receipt"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(BEFORE[1], BEFORE[0]),
        migrations.RunSQL(*NOW),
    ]
