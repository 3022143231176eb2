"""What stays with the answers is fixed by the database once an audience is launched, like its mode."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION surveys_waveaudience_mode_fixed() RETURNS trigger LANGUAGE plpgsql AS $fixed$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.mode <> OLD.mode OR NEW.state = 'draft'{attributes}) THEN
        RAISE EXCEPTION 'mode and kept attributes of a launched audience are fixed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $fixed$;
"""
ATTRIBUTES = """
        OR NEW.kept_attributes <> OLD.kept_attributes OR NEW.attribute_plan <> OLD.attribute_plan"""


class Migration(migrations.Migration):
    dependencies = [("surveys", "0113_own_profile_and_withdrawal")]

    operations = [
        migrations.RunSQL(FUNCTION.replace("{attributes}", ATTRIBUTES), FUNCTION.replace("{attributes}", "")),
    ]
