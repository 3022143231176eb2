"""Writes of the practice room: guarded, atomic, audited in the same transaction."""

import hashlib
import secrets
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from practice import audit, lookups
from practice.enums import Role
from practice.exceptions import InvalidInputError, NotAllowedError, WrongStateError
from practice.models import ApiToken, ClientOrganisation, Engagement, Invitation, Member, Practice, User
from practice.scope import practice_scope
from practice.token_scopes import ALL_SCOPES, in_order, unknown

TOKEN_DAYS = 90
MAX_TOKEN_DAYS = 365
ROTATION_DAYS = 7


def create_practice(*, name: str, founder: User, is_sample: bool = False, **fields: Any) -> Member:
    """Found a practice; the founder becomes its owner. Opens the new practice's own scope."""
    practice_id = uuid.uuid4()
    slug = _free_slug(name)
    with practice_scope(practice_id):
        practice = Practice(id=practice_id, name=name.strip(), slug=slug, is_sample=is_sample, **fields)
        practice.save(force_insert=True)
        owner = Member.objects.create(user=founder, role=Role.OWNER)
        audit.record("practice.created", practice, actor=owner)
    owner.practice = practice
    return owner


def _free_slug(name: str) -> str:
    """Return a slug from the name; a random tail keeps it free without looking at other practices."""
    base = slugify(name)[:48] or "practice"
    return f"{base}-{secrets.token_hex(2)}"


@transaction.atomic
def update_practice(practice: Practice, *, actor: Member, **fields: Any) -> Practice:
    """Change the practice's settings."""
    _update(practice, "practice.updated", actor=actor, **fields)
    return practice


def _update(obj: Any, verb: str, *, actor: Member, **fields: Any) -> Any:
    changed = [name for name, value in fields.items() if getattr(obj, name) != value]
    if changed:
        for name in changed:
            setattr(obj, name, fields[name])
        obj.save(update_fields=changed)
        audit.record(verb, obj, actor=actor, changed=changed)
    return obj


@transaction.atomic
def update_person(user: User, *, name: str, language: str) -> None:
    """Change a person's own name and language; a new name is on record in every practice. Opens their scopes."""
    is_renamed = user.name != name
    user.name, user.language = name, language
    user.save(update_fields=["name", "language"])
    if not is_renamed:
        return
    for found in lookups.practices_of_user(user.pk):
        with practice_scope(found.practice_id):
            member = Member.objects.select_related("user").get(pk=found.member_id)
            audit.record("member.renamed", member, actor=member, changed=["name"])


@transaction.atomic
def add_member(
    *,
    email: str,
    role: str,
    actor: Member,
    client_organisation: ClientOrganisation | None = None,
    name: str = "",
) -> Member:
    """Add a person to the practice; a person new to this installation gets an account without a password."""
    if (role == Role.CLIENT_VIEWER) != (client_organisation is not None):
        raise InvalidInputError(
            _("A client viewer needs a client organisation, and only a client viewer has one."),
            fields={"client_organisation": _("Choose the client organisation for client viewers only.")},
        )
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_user(email, name=name)
    try:
        with transaction.atomic():
            member = Member.objects.create(user=user, role=role, client_organisation=client_organisation)
    except IntegrityError as error:
        raise InvalidInputError(
            _("This person is already a member."), fields={"email": _("Already a member of this practice.")}
        ) from error
    audit.record("member.added", member, actor=actor, changed=["role"])
    return member


@transaction.atomic
def update_member(member: Member, *, actor: Member, **fields: Any) -> Member:
    """Change a member's role or activity; the last active owner stays, and a former owner's invitations end."""
    loses_owner = fields.get("role", member.role) != Role.OWNER or not fields.get("is_active", True)
    if member.role == Role.OWNER and loses_owner:
        others = Member.objects.filter(role=Role.OWNER, is_active=True).exclude(pk=member.pk)
        if not others.exists():
            raise InvalidInputError(
                _("A practice needs an active owner. Make somebody else an owner first."),
                fields={"role": _("This is the last owner.")},
            )
    _update(member, "member.updated", actor=actor, **fields)
    if loses_owner:
        for invitation in Invitation.objects.filter(invited_by=member, accepted_at=None, revoked_at=None):
            _update(invitation, "invitation.revoked", actor=actor, revoked_at=timezone.now())
    return member


def _name_taken() -> InvalidInputError:
    return InvalidInputError(
        _("A client organisation with this name exists."), fields={"name": _("This name is taken.")}
    )


@transaction.atomic
def create_client(*, actor: Member, **fields: Any) -> ClientOrganisation:
    """Add a client organisation; raises InvalidInputError for a name that is taken."""
    try:
        with transaction.atomic():
            client = ClientOrganisation.objects.create(**fields)
    except IntegrityError as error:
        raise _name_taken() from error
    audit.record("client.created", client, actor=actor)
    return client


@transaction.atomic
def update_client(client: ClientOrganisation, *, actor: Member, **fields: Any) -> ClientOrganisation:
    """Change a client organisation; raises InvalidInputError for a name that is taken."""
    try:
        with transaction.atomic():
            _update(client, "client.updated", actor=actor, **fields)
    except IntegrityError as error:
        raise _name_taken() from error
    return client


@transaction.atomic
def create_engagement(*, client: ClientOrganisation, name: str, question: str, actor: Member) -> Engagement:
    """Open an engagement for a client organisation; its first wave is made by `surveys`."""
    engagement = Engagement.objects.create(
        client_organisation=client, name=name.strip(), question=question.strip(), lead=actor
    )
    audit.record("engagement.created", engagement, actor=actor)
    return engagement


@transaction.atomic
def update_engagement(engagement: Engagement, *, actor: Member, **fields: Any) -> Engagement:
    """Change an engagement's client, name or question."""
    _update(engagement, "engagement.updated", actor=actor, **fields)
    return engagement


@transaction.atomic
def create_api_token(
    *,
    member: Member,
    name: str,
    actor: Member,
    days: int = TOKEN_DAYS,
    scopes: Collection[str] = ALL_SCOPES,
    maker: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """Make an API token of a member; returns the row and the secret, which is shown once and never stored.

    `maker` is the token that makes it, if one does: nothing is passed on that it may not do itself. Raises
    InvalidInputError for an unknown scope, none at all, or an expiry beyond a year; NotAllowedError for a scope beyond
    the maker's.
    """
    wrong = unknown(scopes)
    if wrong or not scopes:
        text = (
            _("Unknown: %(scopes)s.") % {"scopes": ", ".join(wrong)} if wrong else _("Choose at least one.")
        )
        raise InvalidInputError(_("Choose what the token may do."), fields={"scopes": text[:300]})
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise InvalidInputError(
            _("This expiry is not possible."),
            fields={"days": _("Between 1 and %(most)d days.") % {"most": MAX_TOKEN_DAYS}},
        )
    if maker is not None and (beyond := sorted(set(scopes) - set(maker.scopes))):
        raise NotAllowedError(
            _("A token cannot make one that may do more than itself."),
            fields={"scopes": _("Beyond this token: %(scopes)s.") % {"scopes": ", ".join(beyond)}},
        )
    prefix = f"cap_live_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        member=member,
        name=name.strip(),
        prefix=prefix,
        digest=hashlib.sha256(secret.encode()).digest(),
        scopes=in_order(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record("token.created", token, actor=actor)
    return token, secret


@transaction.atomic
def rotate_api_token(
    token: ApiToken, *, actor: Member, days: int = TOKEN_DAYS, maker: ApiToken | None = None
) -> tuple[ApiToken, str]:
    """Make a token in the place of one: same name and scopes; the old one goes on for a week at most, so two are valid.

    Raises WrongStateError when it was rotated already or has ended.
    """
    locked = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if locked.rotated_at is not None:
        raise WrongStateError(_("This token was rotated already. Rotate the one that was made in its place."))
    now = timezone.now()
    if locked.revoked_at is not None or locked.expires_at <= now:
        raise WrongStateError(_("This token has ended. Make a new one."))
    made = create_api_token(
        member=token.member, name=locked.name, actor=actor, days=days, scopes=locked.scopes, maker=maker
    )
    ends = min(locked.expires_at, now + timedelta(days=ROTATION_DAYS))
    _update(locked, "token.rotated", actor=actor, rotated_at=now, expires_at=ends)
    return made


@transaction.atomic
def revoke_api_token(token: ApiToken, *, actor: Member) -> None:
    """End a token at once."""
    _update(token, "token.revoked", actor=actor, revoked_at=timezone.now())
