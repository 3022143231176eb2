"""Mails that come back: refusals are counted, a bounced mail may leave anew as another mail, audiences know their stop."""

from django.db import migrations, models

from practice.rls import lookup_sql

PRACTICE_OF_DELIVERY = lookup_sql(
    "crmgap_practice_of_delivery",
    arguments="wanted uuid",
    returns="practice_id uuid",
    body="SELECT d.practice_id FROM surveys_delivery d WHERE d.id = wanted",
    reads={"surveys_delivery": ["id", "practice_id"]},
)
STATE_ORDER = """
CREATE OR REPLACE FUNCTION surveys_delivery_state_order() RETURNS trigger LANGUAGE plpgsql AS $order$
BEGIN
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'planned' THEN NEW.state IN ('queued', 'sending', 'suppressed', 'cancelled')
        WHEN 'queued' THEN NEW.state IN ('sending', 'suppressed', 'cancelled')
        WHEN 'retry' THEN NEW.state IN ('sending', 'suppressed', 'cancelled')
        WHEN 'sending' THEN NEW.state IN
            ('accepted', 'retry', 'queued', 'uncertain', 'bounced_hard', 'bounced_soft', 'cancelled')
        WHEN 'uncertain' THEN NEW.state IN ('accepted', 'queued', 'bounced_hard', 'bounced_soft', 'cancelled')
        WHEN 'accepted' THEN NEW.state IN ('delivered', 'bounced_hard', 'bounced_soft', 'complained')
        WHEN 'delivered' THEN NEW.state IN ('bounced_hard', 'bounced_soft', 'complained')
        WHEN 'bounced_soft' THEN NEW.state IN ('delivered', 'bounced_hard', 'complained'){anew}
        {bounced_hard}ELSE false END) THEN
        RAISE EXCEPTION 'a delivery cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $order$;
"""
ANEW = "(NEW.state = 'queued' AND NEW.message_id = '' AND NEW.attempts = 0)"


def _order(*, may_leave_anew: bool) -> str:
    anew = f" OR {ANEW}" if may_leave_anew else ""
    bounced_hard = f"WHEN 'bounced_hard' THEN {ANEW}\n        " if may_leave_anew else ""
    return STATE_ORDER.replace("{anew}", anew).replace("{bounced_hard}", bounced_hard)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0109_senders_and_reasons")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="refusals",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often a server said: later."),
        ),
        migrations.AddField(
            model_name="waveaudience",
            name="stop",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Why mails were stopped by themselves (reason, n, of, at), and the counts seen at the last go-on.",
            ),
        ),
        migrations.RunSQL(_order(may_leave_anew=True), _order(may_leave_anew=False)),
        migrations.RunSQL(*PRACTICE_OF_DELIVERY),
    ]
