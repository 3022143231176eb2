"""Writing the audit record: same transaction as the act, chained by hash, names of fields but never their values."""

import hashlib
import json
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from django.db import connection, models

from practice.models import ApiToken, AuditEntry, Member
from practice.scope import require_practice_id

request_id: ContextVar[str] = ContextVar("crmgap_request_id", default="")
acting_token: ContextVar[ApiToken | None] = ContextVar("crmgap_acting_token", default=None)

Actor = Member | ApiToken | None


def _describe(actor: Actor) -> tuple[str, Any, str]:
    token = acting_token.get()
    if isinstance(actor, Member) and token is not None and token.member_id == actor.pk:
        actor = token  # the member did it through this token
    if isinstance(actor, Member):
        return "member", actor.pk, str(actor.user)
    if isinstance(actor, ApiToken):
        return "token", actor.pk, f"{actor.name} ({actor.prefix}…)"
    return "system", None, "CRMGap"


def record(
    verb: str, obj: models.Model, *, actor: Actor, changed: Sequence[str] = (), label: str = ""
) -> AuditEntry:
    """Append one entry for an act on `obj`; call it inside the act's transaction and scope."""
    practice_id = require_practice_id()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [str(practice_id)])
    previous = AuditEntry.objects.order_by("-id").values_list("hash", flat=True).first() or ""
    kind, actor_id, actor_label = _describe(actor)
    entry = AuditEntry(
        actor_kind=kind,
        actor_id=actor_id,
        actor_label=actor_label[:200],
        verb=verb,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        object_label=(label or str(obj))[:200],
        changed=sorted(changed),
        request_id=request_id.get(),
        previous_hash=previous,
    )
    entry.hash = entry_hash(entry)
    entry.save()
    return entry


def entry_hash(entry: AuditEntry) -> str:
    """Return SHA-256 over the entry's content and its predecessor's hash."""
    content = [
        entry.previous_hash,
        entry.actor_kind,
        str(entry.actor_id),
        entry.actor_label,
        entry.verb,
        entry.object_type,
        entry.object_id,
        entry.object_label,
        entry.changed,
        entry.request_id,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
