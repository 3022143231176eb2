"""How one signs in to the sample: its practice, its owner, and the file that holds the password."""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import transaction

from crmgap_site.env import database_mark
from crmgap_site.sample.company import PRACTICE, SIGN_IN_EMAIL, SIGN_IN_NAME
from practice import lookups, services
from practice.models import Member, User
from practice.scope import practice_scope

FILE_NAME = "sample-sign-in.json"


def sign_in_file() -> Path:
    """Return where the sign-in is kept; it is written last, so it stands for a finished sample."""
    return settings.VAR_DIR / FILE_NAME


def is_finished() -> bool:
    """Tell whether the sign-in file is that of this database: one of another database opens nothing here."""
    try:
        content = json.loads(sign_in_file().read_text())
    except (OSError, ValueError):
        return False
    return bool(content.get("database") == database_mark(settings.DATABASES["default"]))


def find_owner() -> Member | None:
    """Return the owner of the sample practice, or None while there is none."""
    user = User.objects.filter(email=SIGN_IN_EMAIL).first()
    if user is None:
        return None
    for found in lookups.practices_of_user(user.pk):
        with practice_scope(found.practice_id, read_only=True):
            member = Member.objects.select_related("practice", "user").get(pk=found.member_id)
        if member.practice.is_sample:
            return member
    return None


def found_sample_practice() -> Member:
    """Return the owner of the sample practice, which is founded when it is missing; nobody can sign in yet."""
    owner = find_owner()
    if owner is not None:
        return owner
    with transaction.atomic():
        user = User.objects.filter(email=SIGN_IN_EMAIL).first()
        if user is None:
            user = User.objects.create_user(SIGN_IN_EMAIL, name=SIGN_IN_NAME)
        return services.create_practice(
            name=PRACTICE,
            founder=user,
            is_sample=True,
            requires_second_factor=False,
            sender_name=PRACTICE,
            reply_to="surveys@nordlicht.example",
        )


def write_sign_in(owner: Member, report_urls: Sequence[str]) -> None:
    """Give the owner a new random password and write it, with the reports' addresses, to the file (0600)."""
    password = secrets.token_urlsafe(9)
    user = owner.user
    user.set_password(password)
    user.save(update_fields=["password"])
    content = {
        "email": user.email,
        "password": password,
        "report_urls": list(report_urls),
        "database": database_mark(settings.DATABASES["default"]),
    }
    path = sign_in_file()
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=1)
    draft.replace(path)
