"""Open links with quotas, a channel of their own for the answers, and the look-up that finds a link's practice."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import practice.models.base
import practice.rls
from practice.rls import lookup_sql

FIND_OPEN_LINK = lookup_sql(
    "crmgap_open_link",
    arguments="wanted bytea",
    returns="practice_id uuid, wave_audience_id uuid, open_link_id uuid",
    body=(
        "SELECT l.practice_id, l.wave_audience_id, l.id FROM surveys_openlink l "
        "WHERE l.digest = wanted AND NOT l.is_off"
    ),
    reads={"surveys_openlink": ["id", "practice_id", "wave_audience_id", "digest", "is_off"]},
)


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0009_kept_answers"),
        ("surveys", "0116_unsubscribing"),
    ]

    operations = [
        migrations.CreateModel(
            name="OpenLink",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                (
                    "generation",
                    models.PositiveSmallIntegerField(default=0, help_text="Raised to replace the address."),
                ),
                ("is_off", models.BooleanField(default=False)),
                (
                    "attributes",
                    models.JSONField(
                        default=dict, help_text="What is kept with every answer, such as the branch."
                    ),
                ),
                ("is_kiosk", models.BooleanField(default=False)),
                ("idle_seconds", models.PositiveSmallIntegerField(default=90)),
                (
                    "access_code",
                    models.BinaryField(
                        help_text="Sealed under the master key; empty: no code is asked.", null=True
                    ),
                ),
                ("n_finished", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["created_at", "id"],
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Quota",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("attribute", models.CharField(blank=True, help_text="Empty: all answers.", max_length=100)),
                ("value", models.CharField(blank=True, max_length=200)),
                ("most", models.PositiveIntegerField(verbose_name="enough at")),
            ],
            options={
                "ordering": ["attribute", "value"],
                "base_manager_name": "objects",
            },
        ),
        migrations.AlterModelOptions(
            name="waveaudience",
            options={
                "base_manager_name": "objects",
                "default_manager_name": "invited",
                "ordering": ["wave_id", "audience"],
            },
        ),
        migrations.AlterModelManagers(
            name="waveaudience",
            managers=[
                ("invited", django.db.models.manager.Manager()),
                ("objects", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="waveaudience",
            name="surveys_waveaudience_once",
        ),
        migrations.AddField(
            model_name="waveaudience",
            name="channel",
            field=models.CharField(
                choices=[("invited", "Personal links"), ("open", "Open link")],
                default="invited",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="waveaudience",
            constraint=models.UniqueConstraint(
                fields=("wave", "audience", "channel"), name="surveys_waveaudience_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="waveaudience",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel", "invited"), ("mode", "confidential"), _connector="OR"),
                name="surveys_waveaudience_open_is_confidential",
            ),
        ),
        migrations.AddField(
            model_name="openlink",
            name="practice",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="practice.practice",
            ),
        ),
        migrations.AddField(
            model_name="openlink",
            name="wave_audience",
            field=practice.models.base.PracticeForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="open_links",
                to="surveys.waveaudience",
            ),
        ),
        migrations.AddField(
            model_name="quota",
            name="practice",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="practice.practice",
            ),
        ),
        migrations.AddField(
            model_name="quota",
            name="wave_audience",
            field=practice.models.base.PracticeForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="quotas",
                to="surveys.waveaudience",
            ),
        ),
        migrations.AddConstraint(
            model_name="openlink",
            constraint=models.UniqueConstraint(
                fields=("practice", "id"), name="surveys_openlink_practice_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="openlink",
            constraint=practice.rls.PracticePolicy(column="practice_id", name="surveys_openlink_policy"),
        ),
        migrations.AddConstraint(
            model_name="openlink",
            constraint=practice.rls.PracticeForeignKey(
                field="wave_audience", name="surveys_openlink_wave_audience_fk", to="surveys.WaveAudience"
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.UniqueConstraint(
                fields=("wave_audience", "attribute", "value"), name="surveys_quota_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="surveys_quota_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=practice.rls.PracticePolicy(column="practice_id", name="surveys_quota_policy"),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=practice.rls.PracticeForeignKey(
                field="wave_audience", name="surveys_quota_wave_audience_fk", to="surveys.WaveAudience"
            ),
        ),
        migrations.RunSQL(*FIND_OPEN_LINK),
    ]
