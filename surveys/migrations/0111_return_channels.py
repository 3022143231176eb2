"""Signed calls of providers and mailboxes of senders, with the look-ups that find their practice."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import practice.models.base
import practice.rls
from practice.rls import lookup_sql

LOOKUPS = [
    lookup_sql(
        "crmgap_practice_of_return_channel",
        arguments="wanted uuid",
        returns="practice_id uuid",
        body="SELECT c.practice_id FROM surveys_returnchannel c WHERE c.id = wanted",
        reads={"surveys_returnchannel": ["id", "practice_id", "mailbox_read_at", "mailbox_label"]},
    ),
    lookup_sql(
        "crmgap_due_return_mailboxes",
        arguments="moment timestamptz",
        returns="practice_id uuid, channel_id uuid",
        body=(
            "SELECT c.practice_id, c.id FROM surveys_returnchannel c WHERE c.mailbox_label <> '' "
            "AND (c.mailbox_read_at IS NULL OR c.mailbox_read_at < moment) "
            "ORDER BY c.mailbox_read_at NULLS FIRST LIMIT 200"
        ),
        reads={"surveys_returnchannel": ["id", "practice_id", "mailbox_read_at", "mailbox_label"]},
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0010_sender_identities"),
        ("surveys", "0110_bounced_mails"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReturnChannel",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "webhook_secret",
                    models.BinaryField(
                        help_text="What a provider's calls are checked with, sealed under the master key.",
                        null=True,
                    ),
                ),
                (
                    "mailbox",
                    models.BinaryField(
                        help_text="Address of the mailbox with its password, sealed under the master key.",
                        null=True,
                    ),
                ),
                (
                    "mailbox_label",
                    models.CharField(
                        blank=True, help_text="User and server, without the password.", max_length=300
                    ),
                ),
                ("mailbox_read_at", models.DateTimeField(null=True)),
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
                (
                    "sender",
                    practice.models.base.PracticeForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="return_channels",
                        to="practice.senderidentity",
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="WebhookCall",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "channel",
                    practice.models.base.PracticeForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to="surveys.returnchannel",
                    ),
                ),
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
            },
        ),
        migrations.AddConstraint(
            model_name="returnchannel",
            constraint=models.UniqueConstraint(fields=("sender",), name="surveys_returnchannel_once"),
        ),
        migrations.AddConstraint(
            model_name="returnchannel",
            constraint=models.UniqueConstraint(
                fields=("practice", "id"), name="surveys_returnchannel_practice_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="returnchannel",
            constraint=practice.rls.PracticePolicy(column="practice_id", name="surveys_returnchannel_policy"),
        ),
        migrations.AddConstraint(
            model_name="returnchannel",
            constraint=practice.rls.PracticeForeignKey(
                field="sender", name="surveys_returnchannel_sender_fk", to="practice.SenderIdentity"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookcall",
            index=models.Index(fields=["channel", "at"], name="surveys_webhookcall_age"),
        ),
        migrations.AddConstraint(
            model_name="webhookcall",
            constraint=models.UniqueConstraint(fields=("channel", "digest"), name="surveys_webhookcall_once"),
        ),
        migrations.AddConstraint(
            model_name="webhookcall",
            constraint=models.UniqueConstraint(
                fields=("practice", "id"), name="surveys_webhookcall_practice_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookcall",
            constraint=practice.rls.PracticePolicy(column="practice_id", name="surveys_webhookcall_policy"),
        ),
        migrations.AddConstraint(
            model_name="webhookcall",
            constraint=practice.rls.PracticeForeignKey(
                field="channel", name="surveys_webhookcall_channel_fk", to="surveys.ReturnChannel"
            ),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in LOOKUPS),
    ]
