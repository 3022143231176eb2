"""`manage.py answer_for_everybody E-MAIL ENGAGEMENT` answers a running survey by drawn answers, for trying out alone.

Only where mails are recorded instead of sent: there nobody else was asked.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crmgap_site.sample.answers import give_answers
from crmgap_site.sample.company import Asked
from practice import lookups
from practice.models import Engagement, Member, User
from practice.scope import practice_scope
from practice.selectors import engagements_for
from surveys.enums import AudienceState
from surveys.mail import mailbox
from surveys.models import WaveAudience
from surveys.selectors import latest_wave_of


class Command(BaseCommand):
    """Give every person of the open audiences an answer, through the same service as a page of the survey."""

    help = "Answer a running survey for everybody, with drawn answers (only where mails are recorded)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a member's address and the name of the engagement."""
        parser.add_argument("email")
        parser.add_argument("engagement", help="its name, as the portal shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer audience by audience and print how many answers are new."""
        if not mailbox.is_available():
            raise CommandError("Mails leave this installation, so people answer for themselves.")
        practice_id, engagement = find_engagement(options["email"], options["engagement"])
        with practice_scope(practice_id):
            wave = latest_wave_of(engagement)
            audiences = list(
                WaveAudience.objects.select_related("wave").filter(wave=wave, state=AudienceState.OPEN)
            )
            people = {audience.pk: audience.recipients.count() for audience in audiences}
        if not audiences:
            raise CommandError("No audience is open. Launch the survey first.")
        for audience in audiences:
            everybody = people[audience.pk]
            n_new = give_answers(
                practice_id, audience, Asked(audience.audience, invited=everybody, finished=everybody)
            )
            self.stdout.write(f"{audience.audience}: {n_new} of {everybody} answers are new")


def find_engagement(email: str, name: str) -> tuple[Any, Engagement]:
    """Return the practice and the one engagement of that name that the person may see."""
    user = User.objects.filter(email=email.strip().lower()).first()
    found = []
    for practice in lookups.practices_of_user(user.pk) if user else []:
        with practice_scope(practice.practice_id):
            member = Member.objects.select_related("user", "practice").get(pk=practice.member_id)
            engagements = engagements_for(member).filter(name=name)
            found += [(practice.practice_id, engagement) for engagement in engagements]
    if len(found) != 1:
        raise CommandError(f"{len(found)} engagements of this person are called “{name}”; it must be one.")
    return found[0]
