"""This installation's keys: a fingerprint goes into every backup, the keys only when asked for."""

from django.conf import settings

from crmgap_site.backup.keyfile import Keys
from practice.sealing import derive_key


def own_keys() -> Keys:
    """Return the keys of this installation."""
    return Keys(settings.SECRET_KEY, settings.MASTER_KEY_TEXT)


def master_fingerprint() -> str:
    """Return 16 hex digits that tell two master keys apart and lead back to neither."""
    return derive_key(settings.MASTER_KEY, "backup fingerprint").hex()[:16]
