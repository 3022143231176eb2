"""Setting up how bounces of a sender identity come back; keys and passwords are sealed and never shown again."""

import secrets
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.enums import PROVIDERS, SenderKind
from practice.exceptions import InvalidInputError
from practice.models import Member, SenderIdentity
from practice.public_hosts import MAILBOX_PORTS, addresses_of
from practice.scope import practice_scope
from practice.sealing import unwrap_key, wrap_key
from surveys.mail.return_boxes import open_box, parse_account
from surveys.models import ReturnChannel
from surveys.services.returned import read_box

WEBHOOK, MAILBOX = "return-webhook", "return-mailbox"
MIN_KEY, MAX_KEY = 16, 500


@transaction.atomic
def set_webhook(sender: SenderIdentity, *, key: str = "", actor: Member) -> tuple[ReturnChannel, str]:
    """Let a provider's calls in; returns the channel and the password made for it, empty where the key is its own.

    Raises InvalidInputError when the sender has no provider or the key cannot be one.
    """
    if sender.kind not in PROVIDERS:
        raise InvalidInputError(_("Only senders with a mail provider have calls to check."))
    key = key.strip()
    if sender.kind == SenderKind.MAILGUN:
        if not key.isascii() or not MIN_KEY <= len(key) <= MAX_KEY:
            message = _("Copy the key from the provider's page about webhooks.")
            raise InvalidInputError(message, fields={"key": message})
        password = ""
    else:
        password = key = secrets.token_urlsafe(32)
    channel, _is_new = ReturnChannel.objects.get_or_create(sender=sender)
    channel.webhook_secret = wrap_key(key.encode(), WEBHOOK)
    channel.save(update_fields=["webhook_secret"])
    audit.record("sender.webhook_set", sender, actor=actor)
    return channel, password


@transaction.atomic
def set_mailbox(sender: SenderIdentity, *, url: str, actor: Member) -> ReturnChannel:
    """Name the mailbox to which undeliverable mail of this sender returns; an empty address ends it.

    Raises InvalidInputError when it is none, or lies in a private network.
    """
    channel, _is_new = ReturnChannel.objects.get_or_create(sender=sender)
    channel.mailbox, channel.mailbox_label = None, ""
    if url.strip():
        try:
            account = parse_account(url.strip())
            addresses_of(account.host, account.port, ports=MAILBOX_PORTS)
        except ValueError as error:
            message = _("Write the mailbox as pop3s://user:password@host or imaps://user:password@host.")
            raise InvalidInputError(message, fields={"mailbox": message}) from error
        except OSError as error:
            message = _("No public mail server answers to this name and port.")
            raise InvalidInputError(message, fields={"mailbox": message}) from error
        channel.mailbox = wrap_key(url.strip().encode(), MAILBOX)
        channel.mailbox_label = f"{account.user}, {account.host}"[:300]
    channel.save(update_fields=["mailbox", "mailbox_label"])
    audit.record("sender.mailbox_set", sender, actor=actor)
    return channel


def read_mailbox(practice_id: UUID, channel_id: UUID) -> int:
    """Take what is new in a sender's mailbox; returns how many mails were read."""
    with practice_scope(practice_id):
        channel = ReturnChannel.objects.filter(pk=channel_id).exclude(mailbox=None).first()
        if channel is None or channel.mailbox is None:
            return 0
        url = unwrap_key(bytes(channel.mailbox), MAILBOX).decode()
        ReturnChannel.objects.filter(pk=channel_id).update(mailbox_read_at=timezone.now())
    account = parse_account(url)
    try:
        addresses_of(account.host, account.port, ports=MAILBOX_PORTS)  # a name may lead elsewhere by now
    except OSError:
        return 0
    return read_box(open_box(account))
