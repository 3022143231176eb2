"""Who a mail comes from, and by which way it leaves."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from practice.enums import SenderKind
from practice.mail import one_line, sender_of
from practice.models import Practice, SenderIdentity
from practice.sender_dns import BAD, DKIM, OK, findings_of, is_found
from practice.senders import dkim_key_of, secret_of
from surveys.mail.dkim import Signer, signer_from_der, signer_from_pem
from surveys.mail.next_hop import NextHop, configured_next_hop
from surveys.mail.providers import Provider, ProviderConnection
from surveys.mail.smtp import Connection, Outcome, Server
from surveys.models import Wave


@dataclass(frozen=True, slots=True)
class Sender:
    """What a mail says of its sender."""

    address: Address
    reply_to: str
    unsubscribe_address: str


@dataclass(frozen=True, slots=True)
class Concern:
    """Why mails of a sender do not leave, or may not arrive, in words; `stops` is for the former."""

    words: str
    stops: bool = False


class Route(Protocol):
    """Something that takes mails one by one."""

    def send(self, message: EmailMessage) -> Outcome:
        """Hand one mail over, from its sender to its receiver, and tell what became of it."""

    def hand_over(self, sender: str, to: str, content: bytes) -> Outcome:
        """Hand over one mail as it goes over the wire, and tell what became of it."""


def identity_for(wave: Wave) -> SenderIdentity | None:
    """Return the identity a wave's mails carry: its own, the engagement's or the default; None: the practice's name.

    What was chosen at launch stays.
    """
    if wave.sender_id or wave.launched_at:
        return wave.sender
    return usual_identity(wave)


def usual_identity(wave: Wave) -> SenderIdentity | None:
    """Return the identity of a wave for which none is chosen: the engagement's, or the practice's default."""
    chosen = wave.engagement.sender
    return chosen or SenderIdentity.objects.filter(is_default=True).first()


def sender_for(practice: Practice, identity: SenderIdentity | None) -> Sender:
    """Return what mails of this identity say of their sender."""
    if identity is None:
        return Sender(_address(sender_of(practice)), practice.reply_to, "")
    return Sender(
        _address(one_line(identity.from_name), identity.from_address),
        identity.reply_to,
        identity.unsubscribe_address,
    )


def _address(name: str, address: str = "") -> Address:
    username, _at, domain = address.rpartition("@")
    return Address(
        display_name=name[:120], username=username or "survey", domain=domain or settings.MAIL_DOMAIN
    )


def route_for(identity: SenderIdentity | None) -> AbstractContextManager[Route]:
    """Return the way of an identity's mails; opened with `with`, it keeps its connection."""
    if identity is None or identity.kind == SenderKind.INSTALLATION:
        return Connection(signer=_signer_of_installation())
    if identity.is_provider:
        return ProviderConnection(_provider_of(identity))
    server = Server(
        identity.host,
        identity.port,
        identity.username,
        secret_of(identity),
        identity.security,
        is_named_by_member=True,
    )
    return Connection(server, signer=signer_of(identity))


def next_hop_for(identity: SenderIdentity | None) -> NextHop:
    """Return whom to ask what became of a mail of this identity."""
    if identity is not None and identity.is_provider:
        return ProviderConnection(_provider_of(identity))
    return configured_next_hop(is_own_server=identity is not None and identity.kind == SenderKind.SMTP)


def can_send(identity: SenderIdentity | None) -> bool:
    """Tell whether mails may leave now: the identity is verified, and the installation has a server if it is used."""
    if identity is not None and identity.kind != SenderKind.INSTALLATION:
        return identity.is_ready
    return bool(settings.SMTP_HOST)


def concerns_about(identity: SenderIdentity | None) -> list[Concern]:
    """Return what should be settled before mails of this identity leave; nothing when all is well.

    That DMARC only watches harms no delivery, so it is left to the settings page.
    """
    is_own = identity is not None and identity.kind != SenderKind.INSTALLATION
    if not can_send(identity):
        if is_own:
            return [Concern(_("This sender is not verified: no mail leaves."), stops=True)]
        return [Concern(_("This installation has no mail server: mails stay queued."), stops=True)]
    if identity is None:
        return []
    findings = findings_of(identity.dns_result)
    if is_own and not findings:
        return [Concern(_("SPF, DKIM and DMARC of its domain were not looked up yet."))]
    wanted = findings if is_own else [one for one in findings if one.state == BAD]
    return [Concern(one.words) for one in wanted if one.state != OK and one.code != "dmarc.none"]


def signer_of(identity: SenderIdentity) -> Signer | None:
    """Return the identity's key, once its public half was found in DNS."""
    key = dkim_key_of(identity)
    if key is None or not is_found(identity.dns_result, DKIM):
        return None
    return signer_from_der(identity.domain, identity.dkim_selector, key)


def _provider_of(identity: SenderIdentity) -> Provider:
    return Provider(
        kind=identity.kind,
        key=secret_of(identity),
        domain=identity.provider_domain or identity.domain,
        is_in_eu=identity.is_in_eu,
    )


def _signer_of_installation() -> Signer | None:
    if not settings.MAIL_DKIM_KEY_FILE:
        return None
    return _read_signer(settings.MAIL_DOMAIN, settings.MAIL_DKIM_SELECTOR, settings.MAIL_DKIM_KEY_FILE)


@lru_cache(maxsize=4)
def _read_signer(domain: str, selector: str, file: str) -> Signer:
    return signer_from_pem(domain, selector, Path(file).read_bytes())
