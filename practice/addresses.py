"""E-mail addresses and host names as we use them: cleaned to one form, or refused with the reason."""

import re
from typing import Final

from django.utils.translation import gettext as _

LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MAX_ADDRESS: Final = 254
MAX_DOMAIN: Final = 253


class AddressError(ValueError):
    """An address that cannot be used; the text says why."""


def clean_email(text: str) -> str:
    """Return the address as it is mailed to: trimmed, domain in lower-case ASCII; raises AddressError."""
    address = text.strip().strip("<>").strip()
    if address.casefold().startswith("mailto:"):
        address = address[7:]
    if not address:
        raise AddressError(_("The address is missing."))
    if any(ord(sign) < 33 or sign == "\u200b" for sign in address):
        raise AddressError(_("There are blanks or invisible characters in the address."))
    if "," in address or ";" in address or address.count("@") > 1:
        raise AddressError(_("Write one address per row."))
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise AddressError(_("An address needs a name, an @ and a domain."))
    if local.startswith('"'):
        raise AddressError(_("Addresses in quotation marks are not supported."))
    if not local.isascii():
        raise AddressError(_("Letters before the @ must be plain ASCII; many mail servers refuse others."))
    if not LOCAL.fullmatch(local) or len(local) > 64:
        raise AddressError(_("The part before the @ is not valid."))
    clean = f"{local}@{clean_domain(domain)}"
    if len(clean) > MAX_ADDRESS:
        raise AddressError(_("The address is longer than %(limit)s characters.") % {"limit": MAX_ADDRESS})
    return clean


def clean_domain(domain: str) -> str:
    """Return a domain of at least two labels in lower-case ASCII; raises AddressError."""
    try:
        ascii_domain = domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise AddressError(_("The domain is not valid.")) from error
    labels = ascii_domain.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise AddressError(_("The domain is not valid; write it like example.org."))
    return ascii_domain


def email_key(address: str) -> str:
    """Return the identity of an address: lower case throughout."""
    return address.casefold()
