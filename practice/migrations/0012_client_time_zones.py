"""The time zone in which surveys of a client are planned."""

from django.db import migrations, models

import practice.models.client


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0011_languages"),
    ]

    operations = [
        migrations.AddField(
            model_name="clientorganisation",
            name="time_zone",
            field=models.CharField(
                default="UTC",
                help_text="In which surveys of this client are planned, such as Europe/Vienna.",
                max_length=40,
                validators=[practice.models.client.known_zone],
                verbose_name="time zone",
            ),
        ),
    ]
