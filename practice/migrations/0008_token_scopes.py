"""Tokens get scopes; those made before could do all their member's role can, and still can."""

from django.db import migrations, models

BEFORE = (
    "read:engagements", "write:engagements", "read:recipients", "write:recipients", "read:field", "write:waves", "send",
    "read:results", "write:results", "read:mailbox",
)  # fmt: skip


def keep_what_they_could(apps, schema_editor):
    tokens = apps.get_model("practice", "ApiToken").objects.using(schema_editor.connection.alias)
    tokens.update(scopes=list(BEFORE))


class Migration(migrations.Migration):
    dependencies = [("practice", "0007_job_totals")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="rotated_at",
            field=models.DateTimeField(help_text="When another token was made in its place.", null=True),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=models.JSONField(
                default=list, help_text="Codes of practice/token_scopes.py.", verbose_name="scopes"
            ),
        ),
        migrations.RunPython(keep_what_they_could, migrations.RunPython.noop),
    ]
