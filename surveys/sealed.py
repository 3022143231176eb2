"""Answers in sealed form: what a draft and a spool row hold, padded so that their length tells nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from practice.sealing import seal, unseal

SMALL_BYTES: Final = 1_792
"""A draft with its packed scores and short texts fits here, and the row stays in its table's own page."""
LARGE_BYTES: Final = 16_384
"""Anything longer is filled up to a multiple of this."""


@dataclass(slots=True)
class DraftContent:
    """A draft: packed scores, choices and texts by question, seconds per page, next page, time of the last post.

    `language` is the one that the person answers in; it is kept nowhere else.
    `marks` are flags that the answer will carry whatever is answered.
    """

    scores: list[int]
    choices: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    position: int = 0
    clock: float = 0.0
    language: str = ""
    marks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FinishedAnswer:
    """A finished answer as it becomes a response; nothing in it names a person."""

    scores: list[int]
    record: dict[str, Any]
    attributes: Mapping[str, Any]
    flags: list[str]


def seal_draft(key: bytes, content: DraftContent) -> bytes:
    """Return the sealed bytes of a draft."""
    return _seal(key, content, smallest=SMALL_BYTES)


def open_draft(key: bytes, sealed: bytes) -> DraftContent:
    """Return the draft; raises SealError when the key is another one's."""
    return DraftContent(**json.loads(unseal(key, sealed)))


def seal_answer(key: bytes, answer: FinishedAnswer) -> bytes:
    """Return the sealed bytes of a finished answer; all but very long ones have the same length."""
    return _seal(key, answer, smallest=LARGE_BYTES)


def open_answer(key: bytes, sealed: bytes) -> FinishedAnswer:
    """Return the finished answer; raises SealError when the key is another one's."""
    return FinishedAnswer(**json.loads(unseal(key, sealed)))


def _seal(key: bytes, content: Any, *, smallest: int) -> bytes:
    values = {part.name: getattr(content, part.name) for part in fields(content)}
    plain = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    size = smallest if len(plain) <= smallest else -(-len(plain) // LARGE_BYTES) * LARGE_BYTES
    return seal(key, plain.ljust(size))
