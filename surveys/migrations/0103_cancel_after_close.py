"""Mails left over in a closed audience may be cancelled; no audience becomes a draft again; an index for claiming."""

from django.db import migrations, models

STATE_ORDER = """
CREATE OR REPLACE FUNCTION surveys_delivery_state_order() RETURNS trigger LANGUAGE plpgsql AS $order$
BEGIN
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'planned' THEN NEW.state IN ('queued', 'sending', 'suppressed', 'cancelled')
        WHEN 'queued' THEN NEW.state IN ('sending', 'suppressed', 'cancelled')
        WHEN 'retry' THEN NEW.state IN ('sending', 'suppressed', 'cancelled')
        WHEN 'sending' THEN NEW.state IN
            ('accepted', 'retry', 'queued', 'uncertain', 'bounced_hard', 'bounced_soft'{cancelled})
        WHEN 'uncertain' THEN NEW.state IN ('accepted', 'queued', 'bounced_hard', 'bounced_soft'{cancelled})
        WHEN 'accepted' THEN NEW.state IN ('delivered', 'bounced_hard', 'bounced_soft', 'complained')
        WHEN 'delivered' THEN NEW.state IN ('bounced_hard', 'bounced_soft', 'complained')
        WHEN 'bounced_soft' THEN NEW.state IN ('delivered', 'bounced_hard', 'complained')
        ELSE false END) THEN
        RAISE EXCEPTION 'a delivery cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $order$;
"""
MODE_FIXED = """
CREATE OR REPLACE FUNCTION surveys_waveaudience_mode_fixed() RETURNS trigger LANGUAGE plpgsql AS $fixed$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.mode <> OLD.mode{draft}) THEN
        RAISE EXCEPTION 'the mode of a launched audience is fixed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $fixed$;
"""


def _state_order(cancelled: str) -> str:
    return STATE_ORDER.replace("{cancelled}", cancelled)


def _mode_fixed(draft: str) -> str:
    return MODE_FIXED.replace("{draft}", draft)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0102_deliveries_in_order")]

    operations = [
        migrations.RunSQL(_state_order(", 'cancelled'"), _state_order("")),
        migrations.RemoveIndex("delivery", "surveys_delivery_due"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["wave_audience", "due_at"],
                condition=models.Q(("state__in", ["planned", "queued", "sending", "retry", "uncertain"])),
                name="surveys_delivery_due",
            ),
        ),
        migrations.RunSQL(_mode_fixed(" OR NEW.state = 'draft'"), _mode_fixed("")),
    ]
