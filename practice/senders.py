"""Writes of sender identities: made, changed, verified by the code of a test mail, given a key of their own."""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.addresses import LABEL, AddressError, clean_domain, clean_email
from practice.enums import PROVIDERS, SenderKind, SmtpSecurity
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member, SenderIdentity
from practice.public_hosts import PORTS, PrivateHostError, addresses_of
from practice.sealing import unwrap_key, wrap_key
from practice.sender_dns import as_result, check_domain

SECRET, DKIM = "sender-secret", "sender-dkim"
CODE_DAYS = 7
KEY_BITS = 2048
ROUTE = frozenset({"kind", "from_address", "host", "port", "security", "username", "secret",
                   "provider_domain", "is_in_eu"})  # fmt: skip
"""Changing one of these means another way of sending: the identity must be verified again."""


@transaction.atomic
def create_sender(*, actor: Member, secret: str = "", **fields: Any) -> SenderIdentity:
    """Add a sender identity; raises InvalidInputError naming the field."""
    sender = SenderIdentity(**_clean(fields, secret=secret, has_secret=False))
    sender.save(force_insert=True)
    audit.record("sender.created", sender, actor=actor)
    return sender


@transaction.atomic
def update_sender(
    sender: SenderIdentity, *, actor: Member, secret: str = "", **fields: Any
) -> SenderIdentity:
    """Change a sender identity; an empty secret keeps the one that is stored while server and account stay the same.

    Another way of sending ends the verification. Raises InvalidInputError naming the field.
    """
    given = {name: getattr(sender, name) for name in ROUTE - {"secret"}} | fields
    # The stored password is for the stored server: whoever names another server must know the password.
    is_same_account = all(given[name] == getattr(sender, name) for name in ("kind", "host", "username"))
    clean = _clean(fields, secret=secret, has_secret=sender.secret is not None and is_same_account)
    if not is_same_account and "secret" not in clean:
        clean["secret"] = None
    changed = [name for name, value in clean.items() if getattr(sender, name) != value]
    if {"from_address", "dkim_selector", "kind", "host"} & set(changed):
        clean |= {"dns_result": {}, "dns_checked_at": None}
    if ROUTE & set(changed):
        clean |= {"verified_at": None, "code_digest": None, "code_sent_at": None}
    if changed:
        for name, value in clean.items():
            setattr(sender, name, value)
        sender.save()
        audit.record("sender.updated", sender, actor=actor, changed=changed)
    return sender


@transaction.atomic
def delete_sender(sender: SenderIdentity, *, actor: Member) -> None:
    """Remove an identity; raises WrongStateError while a wave that was launched with it is kept."""
    try:
        with transaction.atomic():
            label, key = str(sender), sender.pk
            sender.delete()
    except ProtectedError as error:
        raise WrongStateError(
            _("A wave sends or sent its mails with this sender; it stays as long as the wave does.")
        ) from error
    sender.pk = key
    audit.record("sender.deleted", sender, actor=actor, label=label)


@transaction.atomic
def set_default_sender(sender: SenderIdentity | None, *, actor: Member) -> None:
    """Make an identity the practice's default; None: the practice's own name on the installation's server again."""
    if sender is not None and not sender.is_ready:
        raise WrongStateError(_("Verify this sender first: send its test mail and confirm the code."))
    former = SenderIdentity.objects.select_for_update(of=("self",)).filter(is_default=True).first()
    if former is not None and (sender is None or former.pk != sender.pk):
        former.is_default = False
        former.save(update_fields=["is_default"])
        if sender is None:
            audit.record("sender.default_ended", former, actor=actor)
    if sender is not None and not sender.is_default:
        sender.is_default = True
        sender.save(update_fields=["is_default"])
        audit.record("sender.made_default", sender, actor=actor)


@transaction.atomic
def issue_code(sender: SenderIdentity, *, actor: Member) -> str:
    """Return a new code for the identity's test mail; it is good for a week and ends the one before it."""
    code = secrets.token_urlsafe(24)
    sender.code_digest = hashlib.sha256(code.encode()).digest()
    sender.code_sent_at = timezone.now()
    sender.save(update_fields=["code_digest", "code_sent_at"])
    audit.record("sender.tested", sender, actor=actor)
    return code


@transaction.atomic
def confirm_sender(sender: SenderIdentity, *, code: str, actor: Member) -> None:
    """Verify an identity by the code of its test mail; raises WrongStateError when it is another code or an old one."""
    locked = SenderIdentity.objects.select_for_update(of=("self",)).get(pk=sender.pk)
    given = hashlib.sha256(code.encode(errors="replace")).digest()
    is_right = locked.code_digest is not None and hmac.compare_digest(bytes(locked.code_digest), given)
    sent_at = locked.code_sent_at
    if not is_right or sent_at is None or sent_at < timezone.now() - timedelta(days=CODE_DAYS):
        raise WrongStateError(
            _("This code is not valid any more. Send a new test mail and use the link in it.")
        )
    locked.verified_at, locked.code_digest, locked.code_sent_at = timezone.now(), None, None
    locked.save(update_fields=["verified_at", "code_digest", "code_sent_at"])
    audit.record("sender.verified", locked, actor=actor)


@transaction.atomic
def make_dkim_key(sender: SenderIdentity, *, actor: Member) -> SenderIdentity:
    """Give an identity with an own SMTP account a key pair; mails are signed once its public half is found in DNS."""
    if sender.kind != SenderKind.SMTP:
        raise WrongStateError(_("The provider signs these mails with a key of its own."))
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sender.dkim_key = wrap_key(plain, DKIM)
    sender.dkim_selector = f"crmgap{timezone.now():%Y%m%d}-{secrets.token_hex(2)}"
    sender.dns_result, sender.dns_checked_at = {}, None
    sender.save(update_fields=["dkim_key", "dkim_selector", "dns_result", "dns_checked_at"])
    audit.record("sender.key_made", sender, actor=actor)
    return sender


def secret_of(sender: SenderIdentity) -> str:
    """Return the password or API key in the clear; empty when there is none."""
    return unwrap_key(bytes(sender.secret), SECRET).decode() if sender.secret else ""


def dkim_key_of(sender: SenderIdentity) -> bytes | None:
    """Return the private key (PKCS #8, DER), or None."""
    return unwrap_key(bytes(sender.dkim_key), DKIM) if sender.dkim_key else None


def dkim_record_of(sender: SenderIdentity) -> str:
    """Return the TXT record of the identity's key, or "" without one."""
    content = dkim_key_of(sender)
    if content is None:
        return ""
    key = load_der_private_key(content, password=None).public_key()
    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def check_dns(sender: SenderIdentity, *, actor: Member) -> SenderIdentity:
    """Look up SPF, DKIM and DMARC of the identity's domain and keep what was found."""
    findings = check_domain(
        sender.domain or settings.MAIL_DOMAIN,
        kind=sender.kind,
        host=_who_sends(sender),
        selector=sender.dkim_selector,
        public_key=dkim_record_of(sender),
        reports_to=sender.reply_to or sender.from_address,
    )
    with transaction.atomic():
        sender.dns_result, sender.dns_checked_at = as_result(findings), timezone.now()
        sender.save(update_fields=["dns_result", "dns_checked_at"])
        audit.record("sender.domain_checked", sender, actor=actor)
    return sender


def _who_sends(sender: SenderIdentity) -> str:
    if sender.is_provider:
        return str(sender.get_kind_display())
    return sender.host or settings.SMTP_HOST


def _clean(fields: dict[str, Any], *, secret: str, has_secret: bool) -> dict[str, Any]:
    """Return what is stored; fields that the way of sending does not use are emptied."""
    kind = fields["kind"]
    clean = {
        "kind": kind,
        "from_name": _one_line(fields["from_name"], "from_name"),
        "from_address": "" if kind == SenderKind.INSTALLATION else _address(fields, "from_address"),
        "reply_to": _address(fields, "reply_to") if fields.get("reply_to") else "",
        "unsubscribe_address": _address(fields, "unsubscribe_address")
        if fields.get("unsubscribe_address")
        else "",
        **_server(fields if kind == SenderKind.SMTP else {}),
        "provider_domain": _domain(fields) if kind == SenderKind.MAILGUN else "",
        "is_in_eu": bool(fields.get("is_in_eu")) and kind == SenderKind.MAILGUN,
    }
    if kind in PROVIDERS:
        clean["dkim_selector"] = _selector(fields)
    if kind == SenderKind.INSTALLATION:
        clean["secret"] = None
    elif secret:
        clean["secret"] = wrap_key(secret.encode(), SECRET)
    elif not has_secret and (kind != SenderKind.SMTP or clean["username"]):
        raise _wrong("secret", _("Write the password or key of the account."))
    return clean


def _server(fields: dict[str, Any]) -> dict[str, Any]:
    if not fields:
        return {"host": "", "port": 587, "security": SmtpSecurity.STARTTLS, "username": ""}
    host, port = fields.get("host", "").strip().rstrip(".").lower(), fields.get("port") or 587
    if not host or not host.isascii() or len(host) > 253 or any(ord(sign) < 33 for sign in host):
        raise _wrong("host", _("Write the name of the server, such as mail.example.org."))
    try:
        addresses_of(host, port)
    except PrivateHostError as error:
        text = _("This installation connects to public mail servers only, by port %(ports)s.")
        raise _wrong("host", text % {"ports": ", ".join(str(one) for one in sorted(PORTS))}) from error
    except (OSError, UnicodeError) as error:
        raise _wrong("host", _("No server is known by this name.")) from error
    if fields.get("security") == SmtpSecurity.NONE and not settings.MAIL_ALLOW_PRIVATE_HOSTS:
        raise _wrong("security", _("A password would be read on the way. Choose STARTTLS or TLS."))
    username = fields.get("username", "").strip()
    return {"host": host, "port": port, "security": fields.get("security"), "username": username}


def _one_line(text: str, field: str) -> str:
    line = text.strip()
    if not line:
        raise _wrong(field, _("Write a name."))
    if any(ord(sign) < 32 or sign in "\x7f\x85\u2028\u2029" for sign in line) or len(line) > 120:
        raise _wrong(field, _("Write the name on one line of at most 120 characters."))
    return line


def _address(fields: dict[str, Any], field: str) -> str:
    try:
        return clean_email(fields.get(field, ""))
    except AddressError as error:
        raise _wrong(field, str(error)) from error


def _selector(fields: dict[str, Any]) -> str:
    selector: str = fields.get("dkim_selector", "").strip().lower()
    if selector and not all(LABEL.fullmatch(label) for label in selector.split(".")):
        raise _wrong("dkim_selector", _("Write the selector as your provider shows it, such as mx."))
    return selector


def _domain(fields: dict[str, Any]) -> str:
    domain = fields.get("provider_domain", "").strip()
    try:
        return clean_domain(domain) if domain else ""
    except AddressError as error:
        raise _wrong("provider_domain", str(error)) from error


def _wrong(field: str, text: str) -> InvalidInputError:
    return InvalidInputError(text, fields={field: text})
