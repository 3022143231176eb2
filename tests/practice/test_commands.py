"""Commands: a first practice, and a token from the command line."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from practice import lookups
from practice.models import Member, User
from practice.scope import practice_scope

pytestmark = pytest.mark.django_db


def test_token_of_the_command_line_opens_the_api(owner_a: Member) -> None:
    out = io.StringIO()
    call_command("api_token", owner_a.user.email.upper(), stdout=out)
    answer = Client().get("/api/v1/clients/", headers={"Authorization": f"Bearer {out.getvalue().strip()}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("arguments", [["nobody@example.org"], ["nobody@example.org", "--practice", "x"]])
def test_token_of_nobody_is_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="none"):
        call_command("api_token", *arguments)


def test_practice_of_the_command_line_has_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMGAP_PASSWORD", "correct horse battery")
    call_command("create_practice", "Cedar Partners", "Owner@Example.org", stdout=io.StringIO())
    user = User.objects.get(email="owner@example.org")
    found = lookups.practices_of_user(user.pk)[0]
    with practice_scope(found.practice_id):
        member = Member.objects.get(pk=found.member_id)
    assert (found.name, member.role) == ("Cedar Partners", "owner")
    assert user.check_password("correct horse battery")


def test_weak_password_founds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMGAP_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        call_command("create_practice", "Cedar Partners", "owner@example.org")
    assert not User.objects.filter(email="owner@example.org").exists()
