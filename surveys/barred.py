"""Addresses that nobody on this installation mails any more, known by a keyed hash alone.

A person who marks a mail of the installation's own server as spam means the server, not one practice. No practice can
read the list: it asks about the addresses it is about to mail, and learns no more than that one is barred.
"""

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.db import connection

from practice.sealing import derive_key


def digest_of(email_key: str) -> bytes:
    """Return the keyed hash under which an address is barred."""
    key = derive_key(settings.MASTER_KEY, "barred-addresses")
    return hmac.new(key, email_key.encode(), hashlib.sha256).digest()


def bar(email_key: str) -> None:
    """Bar an address for every practice of this installation; a second time changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT crmgap_bar_address(%s)", [digest_of(email_key)])


def barred_among(email_keys: Iterable[str]) -> set[str]:
    """Return those of the addresses that are barred."""
    keys = {digest_of(key): key for key in email_keys}
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM crmgap_barred_addresses(%s)", [list(keys)])
        return {keys[bytes(row[0])] for row in cursor.fetchall()}
