"""Where a link to unsubscribe leads, and the list above the practices of addresses that nobody here mails."""

from django.db import migrations, models

from practice.rls import APP_ROLE, OWNER_ROLE, RESOLVER_ROLE, lookup_sql

PRACTICE_OF_RECIPIENT = lookup_sql(
    "crmgap_practice_of_recipient",
    arguments="wanted uuid",
    returns="practice_id uuid",
    body="SELECT r.practice_id FROM surveys_recipient r WHERE r.id = wanted",
    reads={"surveys_recipient": ["id", "practice_id"]},
)
BARRED_ADDRESSES = lookup_sql(
    "crmgap_barred_addresses",
    arguments="wanted bytea[]",
    returns="digest bytea",
    body="SELECT b.digest FROM surveys_barredaddress b WHERE b.digest = ANY(wanted)",
    reads={"surveys_barredaddress": ["digest"]},
)
WALL = f"""
ALTER TABLE surveys_barredaddress ENABLE ROW LEVEL SECURITY;
ALTER TABLE surveys_barredaddress FORCE ROW LEVEL SECURITY;
REVOKE ALL ON surveys_barredaddress FROM {APP_ROLE};
CREATE POLICY surveys_barredaddress_owner ON surveys_barredaddress TO {OWNER_ROLE} USING (true) WITH CHECK (true);
CREATE POLICY surveys_barredaddress_adding ON surveys_barredaddress FOR INSERT TO {RESOLVER_ROLE} WITH CHECK (true);
"""
BAR_ADDRESS = f"""
GRANT INSERT (digest, created_at) ON surveys_barredaddress TO {RESOLVER_ROLE};
CREATE FUNCTION crmgap_bar_address(given bytea) RETURNS void LANGUAGE sql VOLATILE
SECURITY DEFINER SET search_path = public, pg_temp AS $bar$
    INSERT INTO surveys_barredaddress (digest, created_at) VALUES (given, now()) ON CONFLICT DO NOTHING
$bar$;
REVOKE ALL ON FUNCTION crmgap_bar_address(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crmgap_bar_address(bytea) TO {APP_ROLE};
ALTER FUNCTION crmgap_bar_address(bytea) OWNER TO {RESOLVER_ROLE};
"""  # noqa: S608  names of our own


class Migration(migrations.Migration):
    dependencies = [("surveys", "0115_mails_by_number")]

    operations = [
        migrations.CreateModel(
            name="BarredAddress",
            fields=[
                ("digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
        migrations.RunSQL(*PRACTICE_OF_RECIPIENT),
        migrations.RunSQL(*BARRED_ADDRESSES),
        migrations.RunSQL(BAR_ADDRESS, "DROP FUNCTION crmgap_bar_address(bytea)"),
    ]
