"""A member's language: the one chosen in the profile, else the browser's; background work speaks it too."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from practice import jobs
from practice.enums import JobState
from practice.exceptions import InvalidInputError
from practice.models import Job, Member, User
from practice.scope import practice_scope

pytestmark = pytest.mark.django_db


def _get(member: Member, **headers: str) -> str:
    browser = Client(headers=headers)
    browser.force_login(member.user)
    return browser.get(reverse("practice:profile")).content.decode()


def test_browser_chooses_before_anybody_signs_in():
    page = (
        Client(headers={"accept-language": "fr-CA,fr;q=0.8"}).get(reverse("account_login")).content.decode()
    )
    assert '<html lang="fr"' in page
    assert "Se connecter" in page


def test_profile_chooses_for_good(owner_a: Member):
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(owner_a.user)
    answer = browser.post(reverse("practice:profile"), {"name": "Ada", "language": "fr"}, follow=True)
    assert "Enregistré." in answer.content.decode()
    assert User.objects.get(pk=owner_a.user_id).language == "fr"
    assert "Votre profil" in _get(owner_a, **{"accept-language": "en"})


def test_empty_choice_leaves_it_to_the_browser(owner_a: Member):
    assert "Votre profil" in _get(owner_a, **{"accept-language": "fr"})
    assert "Your profile" in _get(owner_a, **{"accept-language": "de"})


def test_unknown_language_is_refused(owner_a: Member):
    browser = Client()
    browser.force_login(owner_a.user)
    assert browser.post(reverse("practice:profile"), {"name": "Ada", "language": "xx"}).status_code == 422


def test_job_speaks_the_language_of_whoever_asked(owner_a: Member):
    def fail(job: Job, progress: jobs.Progress) -> None:
        progress.show(1, 2, _("Setting pages"))
        raise InvalidInputError(_("Nothing to take over."))

    with practice_scope(owner_a.practice), override("fr"):
        job = jobs.create("report", uuid.uuid4())
    jobs.run(owner_a.practice_id, job.pk, fail)
    with practice_scope(owner_a.practice):
        job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert (job.what, job.error_text) == ("Mise en page", "Rien à reprendre.")
