"""Inviting a person into the practice: a mailed link of 128 random bits, kept as a hash, open for seven days."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit, mail
from practice.enums import Role
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import ClientOrganisation, Invitation, Member, User
from practice.permissions import can
from practice.scope import practice_scope

DAYS = 7
TOKEN_BYTES = 16
MOST_OPEN = 50
MOST_PER_HOUR = 60
MOST_TIMES = 5
PAUSE = timedelta(minutes=1)


def digest_of(token: str) -> bytes:
    """Return what the database keeps of an invitation's token."""
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def invite(
    *, email: str, role: str, actor: Member, client_organisation: ClientOrganisation | None = None
) -> Invitation:
    """Invite an address with a role; the mail leaves after the commit."""
    email = email.strip().lower()
    if (role == Role.CLIENT_VIEWER) != (client_organisation is not None):
        raise InvalidInputError(
            _("A client viewer needs a client organisation, and only a client viewer has one."),
            fields={"client_organisation": _("Choose the client organisation for client viewers only.")},
        )
    if Member.objects.filter(user__email=email, is_active=True).exists():
        raise InvalidInputError(
            _("This person is already a member."), fields={"email": _("Already a member of this practice.")}
        )
    _check_rate()
    now = timezone.now()
    open_ones = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    open_ones.filter(email=email, expires_at__lte=now).update(revoked_at=now)
    if open_ones.filter(expires_at__gt=now).count() >= MOST_OPEN:
        raise InvalidInputError(
            _("%(n)d invitations are open. Revoke those that are no longer needed first.") % {"n": MOST_OPEN}
        )
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email,
                role=role,
                client_organisation=client_organisation,
                invited_by=actor,
                digest=secrets.token_bytes(32),
                expires_at=now,
            )
    except IntegrityError as error:
        raise InvalidInputError(
            _("This address is already invited."),
            fields={"email": _("Already invited; send the invitation again from the list.")},
        ) from error
    _mail_after_commit(invitation)
    audit.record("invitation.created", invitation, actor=actor)
    return invitation


@transaction.atomic
def resend(invitation: Invitation, *, actor: Member) -> None:
    """Mail a new link for seven more days; the old link ends."""
    locked = _locked_open(invitation)
    if locked.sent_at and timezone.now() - locked.sent_at < PAUSE:
        raise WrongStateError(_("The last mail left less than a minute ago. Please wait a moment."))
    if locked.n_sent >= MOST_TIMES:
        raise WrongStateError(
            _("This invitation was mailed %(n)d times. Revoke it and check the address.") % {"n": MOST_TIMES}
        )
    _check_rate()
    _mail_after_commit(locked)
    audit.record("invitation.resent", locked, actor=actor)


@transaction.atomic
def revoke(invitation: Invitation, *, actor: Member) -> None:
    """End an invitation at once."""
    locked = _locked_open(invitation)
    locked.revoked_at = timezone.now()
    locked.save(update_fields=["revoked_at"])
    audit.record("invitation.revoked", locked, actor=actor, changed=["revoked_at"])


@transaction.atomic
def accept(invitation: Invitation, *, user: User) -> Member:
    """Make the invited person a member with the role the inviter chose; a member who had left comes back with it."""
    locked = _locked_open(invitation)
    if not is_valid(locked):
        raise WrongStateError(_("This invitation is no longer valid."))
    if user.email != locked.email or not user.is_active:
        raise WrongStateError(_("This invitation is for another address."))
    role, client = locked.role, locked.client_organisation
    member = Member.objects.select_for_update(of=("self",)).filter(user=user).first()
    if member is None:
        member = Member.objects.create(user=user, role=role, client_organisation=client)
    elif not member.is_active:
        member.role, member.client_organisation, member.is_active = role, client, True
        member.save(update_fields=["role", "client_organisation", "is_active"])
    locked.accepted_at = timezone.now()
    locked.save(update_fields=["accepted_at"])
    _confirm_address(user)
    audit.record("invitation.accepted", locked, actor=member)
    audit.record("member.joined", member, actor=member, changed=["role"])
    return member


def _confirm_address(user: User) -> None:
    """Note that the person reads this mailbox: the link that was just used came there."""
    addresses = EmailAddress.objects.filter(user=user)
    if EmailAddress.objects.filter(email=user.email, verified=True).exclude(user=user).exists():
        return
    addresses.exclude(email=user.email).update(primary=False)
    addresses.update_or_create(email=user.email, defaults={"user": user, "verified": True, "primary": True})


def is_valid(invitation: Invitation) -> bool:
    """Tell whether an open invitation may still be accepted: in time, and its inviter may still invite."""
    return not invitation.is_expired and can(invitation.invited_by, "practice.manage")


def _locked_open(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",)).filter(accepted_at=None, revoked_at=None)
    locked: Invitation | None = (
        rows.select_related("practice", "invited_by__user", "client_organisation")
        .filter(pk=invitation.pk)
        .first()
    )
    if locked is None:
        raise WrongStateError(_("This invitation was accepted or revoked in the meantime."))
    return locked


def _check_rate() -> None:
    recent = Invitation.objects.filter(sent_at__gt=timezone.now() - timedelta(hours=1))
    if recent.count() >= MOST_PER_HOUR:
        raise InvalidInputError(
            _("%(n)d invitations were mailed within an hour. Nothing was sent; please go on later.")
            % {"n": MOST_PER_HOUR}
        )


def _mail_after_commit(invitation: Invitation) -> None:
    """Give the invitation a new link and mail it once the link is in the database."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = timezone.now()
    invitation.digest = digest_of(token)
    invitation.expires_at = now + timedelta(days=DAYS)
    invitation.sent_at, invitation.n_sent = now, invitation.n_sent + 1
    invitation.is_mailed, invitation.reply = None, ""
    message = mail.invitation_message(invitation, token)
    invitation.message_id = message.extra_headers["Message-ID"]
    invitation.save()
    transaction.on_commit(_sending(invitation.practice_id, invitation.pk, message))


def _sending(practice_id: UUID, invitation_id: UUID, message: mail.Message) -> Callable[[], None]:
    def send() -> None:
        is_mailed, reply = mail.hand_over(message)
        with practice_scope(practice_id):
            Invitation.objects.filter(pk=invitation_id).update(is_mailed=is_mailed, reply=reply)

    return send
