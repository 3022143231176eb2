"""Logos of a practice and of its client organisations: under an own random name, each change on record."""

import uuid
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from practice import audit
from practice.logo_image import read_logo
from practice.models import ClientOrganisation, Member, Practice

Branded = Practice | ClientOrganisation


def storage_name(practice_id: uuid.UUID, logo_id: uuid.UUID) -> str:
    """Return the name of a logo's file; nothing of the uploaded name is in it."""
    return f"{practice_id}/logos/{logo_id}.png"


def read_file(practice_id: uuid.UUID, logo_id: uuid.UUID) -> bytes | None:
    """Return the PNG of a logo, or None when the file is gone."""
    try:
        with default_storage.open(storage_name(practice_id, logo_id)) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        return None
    return content


@transaction.atomic
def set_logo(owner: Branded, file: BinaryIO, n_bytes: int, *, actor: Member) -> None:
    """Check, re-encode and keep an uploaded logo; raises InvalidInputError and keeps the old one."""
    image = read_logo(file, n_bytes)
    logo_id = uuid.uuid4()
    default_storage.save(storage_name(actor.practice_id, logo_id), ContentFile(image.content))
    _replace(owner, logo_id, "logo.changed", actor)


@transaction.atomic
def remove_logo(owner: Branded, *, actor: Member) -> None:
    """Take the logo away."""
    if owner.logo_id is not None:
        _replace(owner, None, "logo.removed", actor)


def _replace(owner: Branded, logo_id: uuid.UUID | None, verb: str, actor: Member) -> None:
    old, owner.logo_id = owner.logo_id, logo_id
    owner.save(update_fields=["logo_id"])
    audit.record(verb, owner, actor=actor, changed=["logo"])
    if old is not None:
        name = storage_name(actor.practice_id, old)
        transaction.on_commit(lambda: default_storage.delete(name))
