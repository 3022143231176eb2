"""Turns and pace of practices, rounds kept with the audience, mails paused and skipped; who sends next."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import practice.rls
from practice.rls import lookup_sql

TURNS = lookup_sql(
    "crmgap_mail_turns",
    arguments="idle_seconds integer",
    returns="practice_id uuid, wave_audience_id uuid",
    body=(
        "SELECT a.practice_id, a.id FROM surveys_waveaudience a "
        "LEFT JOIN surveys_mailpace p ON p.practice_id = a.practice_id "
        "WHERE (p.turn_at IS NULL OR p.turn_at <= statement_timestamp() - make_interval(secs => idle_seconds)) "
        "AND ((a.state = 'open' AND NOT a.mails_paused "
        "AND (a.hold_until IS NULL OR a.hold_until <= statement_timestamp()) "
        "AND (p.hold_until IS NULL OR p.hold_until <= statement_timestamp()) "
        "AND EXISTS (SELECT 1 FROM surveys_delivery d WHERE d.wave_audience_id = a.id "
        "AND d.due_at <= statement_timestamp() AND (d.state IN ('planned', 'queued') "
        "OR (d.state = 'retry' AND d.lease_until <= statement_timestamp())))) "
        "OR EXISTS (SELECT 1 FROM surveys_delivery d WHERE d.wave_audience_id = a.id "
        "AND d.state IN ('sending', 'uncertain') AND d.lease_until < statement_timestamp())) "
        "ORDER BY p.turn_at NULLS FIRST, a.practice_id, a.id LIMIT 200"
    ),
    reads={
        "surveys_delivery": ["practice_id", "wave_audience_id", "state", "due_at", "lease_until"],
        "surveys_waveaudience": ["id", "practice_id", "state", "opens_at", "mails_paused", "hold_until"],
        "surveys_mailpace": ["practice_id", "turn_at", "hold_until"],
    },
)
BEFORE = lookup_sql(
    "crmgap_due_deliveries",
    arguments="moment timestamptz",
    returns="practice_id uuid, wave_audience_id uuid",
    body=(
        "SELECT DISTINCT d.practice_id, d.wave_audience_id FROM surveys_delivery d "
        "JOIN surveys_waveaudience a ON a.id = d.wave_audience_id "
        "WHERE (a.state = 'open' AND ((d.state IN ('planned', 'queued') AND d.due_at <= moment) "
        "OR (d.state = 'retry' AND d.lease_until <= moment))) "
        "OR (d.state IN ('sending', 'uncertain') AND d.lease_until < moment) LIMIT 200"
    ),
    reads={},
)


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0012_client_time_zones"),
        ("surveys", "0117_open_links"),
    ]

    operations = [
        migrations.AddField(
            model_name="recipient",
            name="gets_no_more_mail",
            field=models.BooleanField(default=False, help_text="Mails still to come are skipped."),
        ),
        migrations.AddField(
            model_name="waveaudience",
            name="hold_until",
            field=models.DateTimeField(help_text="Outside its window no mail leaves before.", null=True),
        ),
        migrations.AddField(
            model_name="waveaudience",
            name="mails_paused",
            field=models.BooleanField(default=False, help_text="No mail leaves; links go on working."),
        ),
        migrations.AddField(
            model_name="waveaudience",
            name="rounds",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="From the launch on, by round: when its mails leave (ISO, UTC) and whether it is skipped.",
            ),
        ),
        migrations.CreateModel(
            name="MailPace",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "per_minute",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="at most per minute"),
                ),
                (
                    "per_hour",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="at most per hour"),
                ),
                (
                    "per_day",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="at most per day"),
                ),
                (
                    "warm_up_from",
                    models.DateField(
                        blank=True,
                        help_text="A new sender starts with few mails a day.",
                        null=True,
                        verbose_name="warm up from",
                    ),
                ),
                (
                    "used",
                    models.JSONField(
                        default=dict, help_text="Mails handed over in the present minute, hour and day."
                    ),
                ),
                (
                    "hold_until",
                    models.DateTimeField(help_text="No mail of this practice leaves before.", null=True),
                ),
                ("turn_at", models.DateTimeField(null=True)),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practice.practice",
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("practice",), name="surveys_mailpace_once"),
                    models.UniqueConstraint(fields=("practice", "id"), name="surveys_mailpace_practice_id"),
                    practice.rls.PracticePolicy(column="practice_id", name="surveys_mailpace_policy"),
                ],
            },
        ),
        migrations.RunSQL(*TURNS),
        migrations.RunSQL(BEFORE[1], BEFORE[0]),
    ]
