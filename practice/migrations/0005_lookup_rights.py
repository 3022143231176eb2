"""Look-ups belong to the app role alone, also in databases whose look-ups were made open to every role."""

from django.db import migrations

from practice.rls import LOOKUP_RIGHTS


class Migration(migrations.Migration):
    dependencies = [("practice", "0004_logo")]

    operations = [migrations.RunSQL(LOOKUP_RIGHTS, migrations.RunSQL.noop)]
