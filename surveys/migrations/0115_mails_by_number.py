"""An index by which a provider's news find their mail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0010_sender_identities"),
        ("surveys", "0114_kept_attributes_fixed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("message_id", ""), _negated=True),
                fields=["message_id"],
                name="surveys_delivery_number",
            ),
        ),
    ]
