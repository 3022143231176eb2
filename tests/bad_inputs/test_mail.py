"""Own mail texts that cannot be sent stop the launch before anybody is asked, with the mail and the mistake named."""

import pytest

from practice.exceptions import InvalidInputError
from practice.models import Member
from practice.scope import practice_scope
from surveys.models import Delivery
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("subject", "body", "words"),
    [
        ("About {company}", "Dear {nmae}, {link}", "{nmae}"),
        ("About {compny}", "Dear {name}, {link}", "{compny}"),
        ("About {company}", "Dear {name}, answer soon.", "{link}"),
        ("   ", "{link}", "one line"),
        ("Two\nlines", "{link}", "one line"),
    ],
    ids=["O25 in the text", "O25 in the subject", "O26", "O22", "O14"],
)
def test_o25_o26_a_text_that_cannot_be_sent_refuses_the_launch(
    subject: str, body: str, words: str, owner_a: Member
) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 2)
        text = {"customers": {"reminder_1": {"en": {"subject": subject, "body": body}}}}
        wave.plan = {**wave.plan, "mails": text}
        wave.save()
        with pytest.raises(InvalidInputError) as error:
            launch_wave(wave=wave, actor=owner_a)
        assert list(error.value.fields) == ["mails.customers.reminder_1.en"]
        assert words in str(error.value.fields["mails.customers.reminder_1.en"])
        wave.refresh_from_db()
        assert wave.launched_at is None
        assert not Delivery.objects.exists()
