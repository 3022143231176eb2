"""Due look-ups of mails and dates; states of a mail change in order; the mode of an audience is fixed at launch."""

from django.db import migrations

from practice.rls import lookup_sql

LOOKUPS = [
    lookup_sql(
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
        reads={
            "surveys_delivery": ["practice_id", "wave_audience_id", "state", "due_at", "lease_until"],
            "surveys_waveaudience": ["id", "state", "opens_at"],
        },
    ),
    lookup_sql(
        "crmgap_due_audiences",
        arguments="moment timestamptz",
        returns="practice_id uuid, wave_audience_id uuid",
        body=(
            "SELECT a.practice_id, a.id FROM surveys_waveaudience a "
            "WHERE (a.state = 'scheduled' AND a.opens_at <= moment) "
            "OR (a.state IN ('open', 'paused') AND a.closes_at <= moment) LIMIT 200"
        ),
        reads={"surveys_waveaudience": ["id", "practice_id", "state", "opens_at", "closes_at"]},
    ),
]

STATE_ORDER = """
CREATE FUNCTION surveys_delivery_state_order() RETURNS trigger LANGUAGE plpgsql AS $order$
BEGIN
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'planned' THEN NEW.state IN ('queued', 'sending', 'suppressed', 'cancelled')
        WHEN 'queued' THEN NEW.state IN ('sending', 'suppressed', 'cancelled')
        WHEN 'retry' THEN NEW.state IN ('sending', 'suppressed', 'cancelled')
        WHEN 'sending' THEN NEW.state IN ('accepted', 'retry', 'queued', 'uncertain', 'bounced_hard', 'bounced_soft')
        WHEN 'uncertain' THEN NEW.state IN ('accepted', 'queued', 'bounced_hard', 'bounced_soft')
        WHEN 'accepted' THEN NEW.state IN ('delivered', 'bounced_hard', 'bounced_soft', 'complained')
        WHEN 'delivered' THEN NEW.state IN ('bounced_hard', 'bounced_soft', 'complained')
        WHEN 'bounced_soft' THEN NEW.state IN ('delivered', 'bounced_hard', 'complained')
        ELSE false END) THEN
        RAISE EXCEPTION 'a delivery cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $order$;
CREATE TRIGGER surveys_delivery_state_order BEFORE UPDATE OF state ON surveys_delivery
    FOR EACH ROW EXECUTE FUNCTION surveys_delivery_state_order();
"""
MODE_FIXED = """
CREATE FUNCTION surveys_waveaudience_mode_fixed() RETURNS trigger LANGUAGE plpgsql AS $fixed$
BEGIN
    IF NEW.mode <> OLD.mode AND OLD.state <> 'draft' THEN
        RAISE EXCEPTION 'the mode of a launched audience is fixed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $fixed$;
CREATE TRIGGER surveys_waveaudience_mode_fixed BEFORE UPDATE ON surveys_waveaudience
    FOR EACH ROW EXECUTE FUNCTION surveys_waveaudience_mode_fixed();
"""


class Migration(migrations.Migration):
    dependencies = [("surveys", "0101_find_links_and_due_mixes")]

    operations = [
        *(migrations.RunSQL(forward, backward) for forward, backward in LOOKUPS),
        migrations.RunSQL(
            STATE_ORDER,
            "DROP TRIGGER surveys_delivery_state_order ON surveys_delivery; DROP FUNCTION surveys_delivery_state_order()",
        ),
        migrations.RunSQL(
            MODE_FIXED,
            "DROP TRIGGER surveys_waveaudience_mode_fixed ON surveys_waveaudience; "
            "DROP FUNCTION surveys_waveaudience_mode_fixed()",
        ),
    ]
