"""Invitations: one address, one role, one week; seeing the page changes nothing, only its person accepts it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.utils import timezone

from practice import invitations, services
from practice.enums import Role
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Invitation, Member, User
from practice.scope import practice_scope
from surveys.mail import sink
from tests.factories.practice import make_client, make_member, make_user

pytestmark = pytest.mark.django_db
LINK = re.compile(r"/join/([A-Za-z0-9_-]+)/")
ADDRESS = "new.person@example.org"
PASSWORD = "a sentence that nobody guesses"
FIELDS = {"name": "Nora New", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def send(django_capture_on_commit_callbacks: Any) -> Any:
    """Return a function that runs an act and the mails its commit would send."""

    def run(act: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return act()

    return run


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def invite(owner: Member, send: Any, **fields: Any) -> str:
    """Invite by the team page and return the token of the mailed link."""
    answer = send(
        lambda: signed_in(owner.user).post(
            f"/p/{owner.practice.slug}/settings/team/", {"email": ADDRESS, "role": "consultant", **fields}
        )
    )
    assert answer.status_code == 302, answer.content.decode()
    return token_of(outbox.outbox[-1])


def token_of(message: Any) -> str:
    found = LINK.search(message.body)
    assert found is not None
    return found[1]


def plain(answer: Any) -> str:
    """Return a page without the form token that changes with every request."""
    return re.sub(r'"X-CSRFToken": "[^"]+"', "", answer.content.decode())


def rows(owner: Member, model: Any) -> Any:
    with practice_scope(owner.practice):
        return list(model.objects.all())


def test_mail_carries_the_link_and_the_database_its_hash_only(owner_a: Member, send: Any) -> None:
    token = invite(owner_a, send)
    message = outbox.outbox[-1]
    assert message.to == [ADDRESS]
    assert owner_a.practice.name in message.subject
    assert token in message.alternatives[0].content
    assert len(token) >= 22
    (invitation,) = rows(owner_a, Invitation)
    assert invitation.is_mailed is True
    with practice_scope(owner_a.practice), connection.cursor() as cursor:
        for table in ("practice_invitation", "practice_auditentry"):
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s",  # noqa: S608  own tables
                [f"%{token}%"],
            )
            assert cursor.fetchone()[0] == 0
    assert bytes(invitation.digest) == invitations.digest_of(token)


def test_looking_changes_nothing_and_accepting_joins_with_the_role(owner_a: Member, send: Any) -> None:
    token = invite(owner_a, send, role="analyst")
    browser = Client()
    for _look in range(3):
        page = browser.get(f"/join/{token}/")
        assert page.status_code == 200
        assert owner_a.practice.name in page.content.decode()
        browser.head(f"/join/{token}/")
    assert not User.objects.filter(email=ADDRESS).exists()
    answer = browser.post(f"/join/{token}/", {**FIELDS, "role": "owner", "email": "other@example.org"})
    assert (answer.status_code, answer["Location"]) == (302, f"/p/{owner_a.practice.slug}/")
    assert browser.get(answer["Location"]).status_code == 200
    with practice_scope(owner_a.practice):
        member = Member.objects.get(user__email=ADDRESS)
        assert (member.role, member.user.name) == (Role.ANALYST, "Nora New")
        verbs = list(AuditEntry.objects.values_list("verb", flat=True)[:3])
    assert verbs == ["member.joined", "invitation.accepted", "invitation.created"]
    assert Client().get(f"/join/{token}/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"password1": "short", "password2": "short"}, "password1"),
        ({"password2": "something else"}, "password2"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_bad_input_is_named_and_leaves_the_link_open(
    fields: dict[str, str], field: str, owner_a: Member, send: Any
) -> None:
    token = invite(owner_a, send)
    answer = Client().post(f"/join/{token}/", FIELDS | fields)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not User.objects.filter(email=ADDRESS).exists()
    assert Client().get(f"/join/{token}/").status_code == 200


def test_another_signed_in_person_is_told_and_cannot_accept(owner_a: Member, send: Any) -> None:
    token = invite(owner_a, send)
    other = make_user("Otto Other")
    browser = signed_in(other)
    assert f"signed in as {other.email}" in browser.get(f"/join/{token}/").content.decode()
    assert browser.post(f"/join/{token}/", FIELDS).status_code == 403
    assert [row.user_id for row in rows(owner_a, Member)] == [owner_a.user_id]


def test_a_person_with_an_account_signs_in_first_and_then_joins(owner_a: Member, send: Any) -> None:
    known = make_user("Kim Known")
    token = invite(owner_a, send, email=known.email.upper())
    page = Client().get(f"/join/{token}/").content.decode()
    assert f"/accounts/login/?next=/join/{token}/" in page
    assert "password1" not in page
    assert Client().post(f"/join/{token}/", FIELDS).status_code == 200
    known.refresh_from_db()
    assert known.check_password("correct horse battery")
    answer = signed_in(known).post(f"/join/{token}/")
    assert answer["Location"] == f"/p/{owner_a.practice.slug}/"
    assert known.pk in {row.user_id for row in rows(owner_a, Member)}


def test_a_client_viewer_is_bound_to_the_client_of_the_invitation(owner_a: Member, send: Any) -> None:
    url = f"/p/{owner_a.practice.slug}/settings/team/"
    browser = signed_in(owner_a.user)
    answer = browser.post(url, {"email": ADDRESS, "role": "client_viewer"})
    assert answer.status_code == 422
    assert "id_client_organisation_error" in answer.content.decode()
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
    token = invite(owner_a, send, role="client_viewer", client_organisation=str(client.pk))
    Client().post(f"/join/{token}/", FIELDS)
    with practice_scope(owner_a.practice):
        assert Member.objects.get(user__email=ADDRESS).client_organisation_id == client.pk


def test_revoked_and_old_links_open_the_same_page(owner_a: Member, send: Any) -> None:
    token = invite(owner_a, send)
    unknown = Client().get("/join/AAAAAAAAAAAAAAAAAAAAAA/")
    with practice_scope(owner_a.practice):
        invitation = Invitation.objects.get()
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert plain(Client().get(f"/join/{token}/")) == plain(unknown)
    with practice_scope(owner_a.practice):
        Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert Client().get(f"/join/{token}/").status_code == 200
    base = f"/p/{owner_a.practice.slug}/settings/team/invitations/{invitation.pk}"
    assert signed_in(owner_a.user).post(f"{base}/revoke/").status_code == 302
    answer = Client().post(f"/join/{token}/", FIELDS)
    assert (answer.status_code, plain(answer)) == (404, plain(unknown))
    assert rows(owner_a, AuditEntry)[0].verb == "invitation.revoked"


def test_sending_again_ends_the_old_link_and_starts_seven_days(owner_a: Member, send: Any) -> None:
    old = invite(owner_a, send)
    with practice_scope(owner_a.practice):
        invitation = Invitation.objects.get()
        url = f"/p/{owner_a.practice.slug}/settings/team/invitations/{invitation.pk}/resend/"
        assert len(outbox.outbox) == 1
        with pytest.raises(WrongStateError):
            invitations.resend(invitation, actor=owner_a)
        Invitation.objects.update(sent_at=timezone.now() - timedelta(hours=2), expires_at=timezone.now())
    send(lambda: signed_in(owner_a.user).post(url))
    new = token_of(outbox.outbox[-1])
    assert new != old
    assert Client().get(f"/join/{old}/").status_code == 404
    assert Client().get(f"/join/{new}/").status_code == 200
    (row,) = rows(owner_a, Invitation)
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() <= timedelta(days=7)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.CONSULTANT}])
def test_invitations_end_with_their_inviter(change: dict[str, Any], owner_a: Member, send: Any) -> None:
    with practice_scope(owner_a.practice):
        second = make_member(owner_a, Role.OWNER)
    second.practice = owner_a.practice
    token = invite(second, send)
    with practice_scope(owner_a.practice):
        services.update_member(second, actor=owner_a, **change)
    assert Client().get(f"/join/{token}/").status_code == 404
    assert "invitation.revoked" in {row.verb for row in rows(owner_a, AuditEntry)}


def test_a_member_who_left_comes_back_with_the_new_role(owner_a: Member, send: Any) -> None:
    with practice_scope(owner_a.practice):
        former = make_member(owner_a)
        former.user.set_password(PASSWORD)
        former.user.save()
        services.update_member(former, actor=owner_a, is_active=False)
    token = invite(owner_a, send, email=former.user.email, role="analyst")
    signed_in(former.user).post(f"/join/{token}/")
    with practice_scope(owner_a.practice):
        again = Member.objects.get(pk=former.pk)
    assert (again.role, again.is_active) == (Role.ANALYST, True)


def test_twice_the_same_address_and_too_many_are_refused(
    owner_a: Member, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(owner_a, send)
    with practice_scope(owner_a.practice):
        for email in (ADDRESS, owner_a.user.email):
            with pytest.raises(InvalidInputError) as caught:
                invitations.invite(email=email, role=Role.ANALYST, actor=owner_a)
            assert "email" in caught.value.fields
        for limit in ("MOST_OPEN", "MOST_PER_HOUR"):
            monkeypatch.setattr(invitations, limit, 1)
            with pytest.raises(InvalidInputError):
                invitations.invite(email="second@example.org", role=Role.ANALYST, actor=owner_a)
            monkeypatch.setattr(invitations, limit, 50)
    assert len(outbox.outbox) == 1


def test_a_refused_mail_is_shown_with_the_servers_words(owner_a: Member, send: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    url = f"/p/{owner_a.practice.slug}/settings/team/"
    browser = signed_in(owner_a.user)
    send(lambda: browser.post(url, {"email": ADDRESS, "role": "consultant"}))
    (row,) = rows(owner_a, Invitation)
    assert row.is_mailed is False
    page = browser.get(url).content.decode()
    assert "mail not accepted" in page
    assert "ConnectionRefusedError" in page


def test_the_mailbox_shows_invitations_to_owners_alone(
    owner_a: Member, send: Any, settings: Any, tmp_path: Any
) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    token = invite(owner_a, send)
    sink.keep(tmp_path, outbox.outbox[-1].message().as_bytes())
    (row,) = rows(owner_a, Invitation)
    with practice_scope(owner_a.practice):
        consultant = make_member(owner_a)
    base = f"/p/{owner_a.practice.slug}/mailbox/"
    one = f"{base}{sink.name_of(row.message_id)}/"
    assert ADDRESS in signed_in(owner_a.user).get(base).content.decode()
    assert f"/join/{token}/" in signed_in(owner_a.user).get(one).content.decode()
    assert ADDRESS not in signed_in(consultant.user).get(base).content.decode()
    assert signed_in(consultant.user).get(one).status_code == 404
