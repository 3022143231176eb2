"""The only adapter between stored answers and figures: rows of a wave -> frames -> bytes of a snapshot and back.

A frame holds no person: packed scores, reduced attributes, ticks and flags, in an order that follows from the values
alone, so the same answers always give the same bytes and the same hash.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from django.db.models import TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from numpy.typing import NDArray

from diagnosis.audience_frame import (
    CARELESS,
    FEW_ANSWERS,
    OPEN_LINK,
    USED,
    AudienceFrame,
    Counts,
    ScaleChange,
    Scores,
    as_key,
)
from diagnosis.coded import Coded
from surveys.disclosure import MIN_GROUP
from surveys.enums import AudienceState, Channel, DeliveryState, Mode, Round
from surveys.instruments import (
    CANNOT_JUDGE,
    MISSING,
    NO_STANDARD,
    NOT_ASKED,
    Form,
    Instrument,
    parse_instrument,
)
from surveys.models import Delivery, Recipient, Response, Wave, WaveAudience

__all__ = [
    "CARELESS",
    "FEW_ANSWERS",
    "OPEN_LINK",
    "USED",
    "AudienceFrame",
    "Counts",
    "Frames",
    "ScaleChange",
    "build_frame",
    "pack_frames",
    "read_frames",
    "read_persons",
    "unpack_frames",
]

SCHEMA: Final = 3
READABLE: Final = (1, 2, SCHEMA)
PACKING_LEVEL: Final = 3
"""Level 9 takes six times as long for a tenth less; the hash is that of the content."""
CARELESS_FLAGS: Final = 2
MIN_CORE_SHARE: Final = 0.5
LOWEST: Final = 32_768
"""What makes every packed number one from 0 on."""


@dataclass(frozen=True)
class Frames:
    """What one diagnosis is computed from.

    `is_second_reading`: the same answers were diagnosed before under other rules of exclusion; then customers are not
    split into groups, since a group of both readings may differ by a few persons.
    """

    instrument_code: str
    instrument_version: str
    audiences: Mapping[str, AudienceFrame]
    rules_off: tuple[str, ...] = ()
    is_second_reading: bool = False

    def get(self, audience: str) -> AudienceFrame | None:
        """The frame of an audience, or None when it was not asked."""
        return self.audiences.get(audience)


AnswerRow: TypeAlias = tuple[Sequence[int], Mapping[str, Any], Mapping[str, Any], Sequence[str]]


def build_frame(
    form: Form,
    *,
    mode: str,
    rows: Iterable[AnswerRow],
    counts: Counts,
    asked: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    conversions: Mapping[str, ScaleChange] | None = None,
    rules_off: Collection[str] = (),
    open_rows: Sequence[AnswerRow] = (),
    open_counts: Counts | None = None,
) -> AudienceFrame:
    """Frame of one audience from (scores, choices, attributes, flags) per answer, in an order that values alone fix.

    `asked` (slots that were asked), `weights` (per row) and `conversions` are given for answers collected elsewhere.
    `open_rows` came by open links: the rule OPEN_LINK leaves them out, and stays on while fewer than five would
    come in.
    Raises ValueError when a packed row does not fit the form.
    """
    return _ordered_frame(
        form,
        mode=mode,
        rows=rows,
        counts=counts,
        asked=asked,
        weights=weights,
        conversions=conversions,
        rules_off=rules_off,
        open_rows=open_rows,
        open_counts=open_counts,
    )[0]


def _ordered_frame(
    form: Form,
    *,
    mode: str,
    rows: Iterable[AnswerRow],
    counts: Counts,
    asked: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    conversions: Mapping[str, ScaleChange] | None = None,
    rules_off: Collection[str] = (),
    open_rows: Sequence[AnswerRow] = (),
    open_counts: Counts | None = None,
) -> tuple[AudienceFrame, NDArray[np.intp]]:
    """See `build_frame`; beside it which row, open ones last, became which."""
    places = [form.slot_index[code] for code in asked] if asked is not None else None
    several = {
        question.code for page in form.pages for question in page.questions if question.kind == "multi"
    }
    rows = [*rows, *open_rows]
    if wrong := [len(scores) for scores, _choices, _kept, _flags in rows if len(scores) != len(form.slots)]:
        message = f"an answer with {wrong[0]} values does not fit the form {form.code}"
        raise ValueError(message)
    matrix = np.array([row[0] for row in rows], dtype=np.int16).reshape(len(rows), len(form.slots))
    n_invited = len(rows) - len(open_rows)
    reasons = _reasons(form, matrix, [row[3] for row in rows], places, rules_off)
    reasons[n_invited:] = _judge_open(reasons[n_invited:], rules_off)
    people = []
    for number, (_scores, choices, attributes, _flags) in enumerate(rows):
        kept = {str(name): str(value) for name, value in attributes.items() if value not in ("", None)}
        ticks = {code: tuple(choices[code]) for code in sorted(several & choices.keys()) if choices[code]}
        weight = weights[number] if weights else 1.0
        people.append((ticks, kept, reasons[number], weight, number >= n_invited))
    coded = Coded.of(people, lambda person: (as_key(person[0]), as_key(person[1]), *person[2:]))
    matrix = matrix if places is None else np.ascontiguousarray(matrix[:, places])
    order = _order(matrix, coded)
    in_order = coded.take(order)
    frame = AudienceFrame(
        audience=form.audience,
        form=form.code,
        mode=mode,
        slots=tuple(slot.code for slot in form.slots) if asked is None else tuple(asked),
        scores=np.asfortranarray(matrix[order]),
        excluded=in_order.mapped(lambda person: person[2]),
        attributes=in_order.mapped(lambda person: person[1], as_key),
        ticks=in_order.mapped(lambda person: person[0], as_key),
        counts=counts,
        is_collected=asked is not None,
        weights=tuple(float(person[3]) for person in in_order) if weights else None,
        conversions=dict(conversions or {}),
        by_open_link=tuple(person[4] for person in in_order) if open_rows else (),
        open_counts=open_counts or Counts(),
    )
    return frame, order


def _reasons(
    form: Form,
    matrix: Scores,
    flags: Sequence[Sequence[str]],
    asked: Sequence[int] | None,
    off: Collection[str],
) -> list[str]:
    """The rule that leaves each answer out: less than half of the core ratings asked, or two flags of carelessness.

    Rules in `off` are not applied. Ratings that a person was not asked do not count.
    """
    is_thin = np.zeros(len(matrix), dtype=np.bool_)
    core = list(form.core_slots) if asked is None else sorted(set(form.core_slots) & set(asked))
    if FEW_ANSWERS not in off and core:
        ratings = matrix[:, core]
        n_asked = (ratings != NOT_ASKED).sum(axis=1)
        is_thin = (ratings > NOT_ASKED).sum(axis=1) < MIN_CORE_SHARE * n_asked
    judged = CARELESS not in off
    return [
        FEW_ANSWERS if thin else CARELESS if judged and len(set(raised)) >= CARELESS_FLAGS else USED
        for thin, raised in zip(is_thin.tolist(), flags, strict=True)
    ]


def _judge_open(reasons: Sequence[str], off: Collection[str]) -> list[str]:
    """What leaves out each answer by an open link; all of them, unless five at least come in together."""
    if OPEN_LINK not in off:
        return [OPEN_LINK] * len(reasons)
    if 0 < reasons.count(USED) < MIN_GROUP:
        return [OPEN_LINK if reason == USED else reason for reason in reasons]
    return list(reasons)


def _order(matrix: Scores, people: Coded[tuple[Any, ...]]) -> NDArray[np.intp]:
    """Order of the answers by their scores, then by everything else about them."""
    texts = [json.dumps(person, sort_keys=True) for person in people.values]
    rank = np.argsort(np.argsort(np.array(texts, dtype=np.str_), kind="stable"), kind="stable")
    rest = rank[people.codes]
    if not matrix.size:
        return np.argsort(rest, kind="stable")
    # as bytes, highest first and without a sign, numbers sort as numbers do
    raised = (matrix.astype(np.int32) + LOWEST).astype(">u2")
    lines = np.ascontiguousarray(raised).view(f"S{2 * matrix.shape[1]}").ravel()
    return np.asarray(np.lexsort((rest, lines)), dtype=np.intp)


def read_frames(wave: Wave, rules_off: Collection[str] | None = None) -> Frames:
    """Read a wave's frames: confidential audiences once they are released, named ones at any time.

    `rules_off` are the rules of exclusion not to apply; None: those the wave has switched off.
    """
    off = tuple(sorted(wave.rules_off if rules_off is None else rules_off))
    instrument = parse_instrument(wave.instrument, source=f"wave {wave.pk}")
    audiences = {
        each.row.audience: _read_audience(each.row, instrument, each.rules, each.channel)[0]
        for each in _readable(wave, off)
    }
    return Frames(instrument.code, instrument.version, audiences, off)


@dataclass(frozen=True)
class _Readable:
    """An audience that may be read, the rules to leave off, and its open link where it has one."""

    row: WaveAudience
    rules: Collection[str]
    channel: WaveAudience | None


def _readable(wave: Wave, off: Collection[str]) -> Iterator[_Readable]:
    channels = {row.audience: row for row in WaveAudience.objects.filter(wave=wave, channel=Channel.OPEN)}
    for wave_audience in WaveAudience.invited.filter(wave=wave).order_by("audience"):
        channel = channels.get(wave_audience.audience)
        if channel is not None and (channel.state != AudienceState.RELEASED or wave_audience.source):
            channel = None
        rules = {*off, OPEN_LINK} if _asks_by_open_link_alone(wave, wave_audience) else off
        is_readable = wave_audience.mode == Mode.NAMED or wave_audience.state == AudienceState.RELEASED
        if is_readable or (channel is not None and OPEN_LINK in rules):
            yield _Readable(wave_audience, rules, channel)


def read_persons(wave: Wave, frames: Frames) -> dict[str, list[str]]:
    """Whose answer each row of the named audiences is: the person's key, "" for answers by open links.

    An audience is left out where today's answers are no longer those of the frames. Confidential audiences hold
    nobody's name and are never read.
    """
    instrument = parse_instrument(wave.instrument, source=f"wave {wave.pk}")
    found = {}
    for each in _readable(wave, frames.rules_off):
        frozen = frames.get(each.row.audience)
        if frozen is None or frozen.mode != Mode.NAMED or each.row.mode != Mode.NAMED or each.row.source:
            continue
        frame, persons = _read_audience(each.row, instrument, each.rules, each.channel)
        if frame.holds_the_same(frozen):
            found[each.row.audience] = persons
    return found


def _asks_by_open_link_alone(wave: Wave, wave_audience: WaveAudience) -> bool:
    """Tell whether nobody of the audience was invited, nor can be any more: then there is nothing to mix with."""
    return wave.closed_at is not None and wave_audience.state == AudienceState.DRAFT


def _read_audience(
    wave_audience: WaveAudience, instrument: Instrument, off: Collection[str], channel: WaveAudience | None
) -> tuple[AudienceFrame, list[str]]:
    """The frame of an audience and, of a named one, the key of the person of each row ("" = not known)."""
    form = instrument.form(wave_audience.form)
    rows, weights, persons = _read_rows(wave_audience)
    source = wave_audience.source
    if not source:
        open_rows = [] if channel is None else _read_rows(channel)[0]
        frame, order = _ordered_frame(
            form,
            mode=wave_audience.mode,
            rows=rows,
            counts=_read_counts(wave_audience),
            rules_off=off,
            open_rows=open_rows,
            open_counts=None
            if channel is None
            else Counts(started=channel.totals.get("started"), finished=channel.totals.get("finished")),
        )
        persons += [""] * len(open_rows)
        return frame, [persons[row] for row in order.tolist()] if wave_audience.mode == Mode.NAMED else []
    frame = build_frame(
        form,
        mode=wave_audience.mode,
        rows=rows,
        counts=Counts(finished=len(rows)),
        asked=source["slots"],
        weights=[float(weight) for weight in weights] if source["weighted"] else None,
        conversions={code: ScaleChange(*ends) for code, ends in source["conversions"].items()},
        rules_off=off,
    )
    return frame, []


def _read_rows(wave_audience: WaveAudience) -> tuple[list[AnswerRow], list[str], list[str]]:
    """Answers of one channel of an audience; the weights of collected ones and the persons of named ones beside them.

    JSON comes as text: what persons wrote in words is not read at all, and equal attributes are read once.
    """
    is_named = wave_audience.mode == Mode.NAMED
    found = list(
        Response.objects.filter(wave_audience=wave_audience).values_list(
            "scores",
            KeyTextTransform("choices", "record"),
            Cast("attributes", TextField()),
            "flags",
            KeyTextTransform("weight", "record"),
            *(["identity__recipient__email_key"] if is_named else []),
        )
    )
    attributes = {text: json.loads(text) for text in {row[2] for row in found}}
    rows: list[AnswerRow] = [
        (scores, json.loads(choices or "{}"), attributes[text], flags)
        for scores, choices, text, flags, *_rest in found
    ]
    persons = [row[5] or "" for row in found] if is_named else []
    return rows, [row[4] for row in found], persons


def _read_counts(wave_audience: WaveAudience) -> Counts:
    invitations = Delivery.objects.filter(wave_audience=wave_audience, round=Round.INVITATION)
    reached = [DeliveryState.ACCEPTED, DeliveryState.DELIVERED]
    return Counts(
        invited=Recipient.objects.filter(wave_audience=wave_audience).count(),
        accepted=invitations.filter(state__in=reached).count(),
        bounced=invitations.filter(state=DeliveryState.BOUNCED_HARD).count(),
        started=wave_audience.totals.get("started"),
        finished=wave_audience.totals.get("finished"),
    )


def pack_frames(frames: Frames) -> tuple[bytes, str]:
    """Bytes of a snapshot and the SHA-256 of their content; equal frames give equal hashes on every machine."""
    content = {
        "schema": SCHEMA,
        "instrument": [frames.instrument_code, frames.instrument_version],
        "rules": {"careless_flags": CARELESS_FLAGS, "min_core_share": MIN_CORE_SHARE}
        | ({"off": list(frames.rules_off)} if frames.rules_off else {})
        | ({"second_reading": True} if frames.is_second_reading else {}),
        "codes": {"missing": MISSING, "cannot_judge": CANNOT_JUDGE, "no_standard": NO_STANDARD},
        "audiences": {code: _packed(frame) for code, frame in sorted(frames.audiences.items())},
    }
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    return zlib.compress(plain, PACKING_LEVEL), hashlib.sha256(plain).hexdigest()


def _packed(frame: AudienceFrame) -> dict[str, Any]:
    """One audience as JSON; keys that only answers collected elsewhere or by open links need are left out else."""
    counts = frame.counts
    collected: dict[str, Any] = {}
    if frame.is_collected:
        collected = {
            "collected": True,
            "weights": None if frame.weights is None else list(frame.weights),
            "conversions": {
                code: [line.from_low, line.from_high, line.low, line.high]
                for code, line in sorted(frame.conversions.items())
            },
        }
    if frame.by_open_link:
        visits = frame.open_counts
        collected["open_link"] = [int(row) for row in frame.by_open_link]
        collected["open_counts"] = [visits.started, visits.finished]
    return collected | {
        "form": frame.form,
        "mode": frame.mode,
        "slots": list(frame.slots),
        "n": frame.n,
        "scores": base64.b64encode(np.ascontiguousarray(frame.scores.T, dtype="<i2").tobytes()).decode(),
        "excluded": _coded(frame.excluded),
        "attributes": _coded(frame.attributes),
        "ticks": _coded(frame.ticks),
        "counts": [counts.invited, counts.accepted, counts.bounced, counts.started, counts.finished],
    }


def _coded(rows: Sequence[Any]) -> dict[str, Any]:
    """The values that occur, in an order that follows from them alone, and which of them each person has."""
    coded = Coded.of(rows, lambda row: row if isinstance(row, str) else as_key(row))
    present = np.unique(coded.codes).tolist()
    order = sorted(present, key=lambda place: json.dumps(coded.values[place], sort_keys=True))
    renumbered = np.zeros(len(coded.values), dtype="<i4")
    renumbered[order] = np.arange(len(order))
    codes = renumbered[coded.codes].tobytes()
    return {"values": [coded.values[place] for place in order], "codes": base64.b64encode(codes).decode()}


def _decoded(part: Any) -> Coded[Any]:
    """Values of the persons as `_coded` packed them; as one list in snapshots of schema 1."""
    if isinstance(part, list):
        return Coded.of(part, lambda row: row if isinstance(row, str) else as_key(row))
    codes = np.frombuffer(base64.b64decode(part["codes"]), dtype="<i4").astype(np.int32)
    return Coded(tuple(part["values"]), codes)


def _decoded_ticks(part: Any) -> Coded[Mapping[str, Sequence[str]]]:
    return _decoded(part).mapped(
        lambda row: {question: tuple(ticks) for question, ticks in row.items()}, as_key
    )


def unpack_frames(content: bytes) -> Frames:
    """Read the bytes of a snapshot; raises ValueError on another schema."""
    plain = json.loads(zlib.decompress(content))
    if plain["schema"] not in READABLE:
        message = f"a snapshot of schema {plain['schema']} cannot be read, only {SCHEMA}"
        raise ValueError(message)
    code, version = plain["instrument"]
    audiences = {name: _unpacked(name, part, plain["schema"]) for name, part in plain["audiences"].items()}
    rules = plain["rules"]
    return Frames(code, version, audiences, tuple(rules.get("off", ())), bool(rules.get("second_reading")))


def _unpacked(audience: str, part: Mapping[str, Any], schema: int) -> AudienceFrame:
    """The frame of one audience; scores are kept slot by slot, up to schema 2 they were person by person."""
    scores = np.frombuffer(base64.b64decode(part["scores"]), dtype="<i2").astype(np.int16)
    n, slots = part["n"], len(part["slots"])
    return AudienceFrame(
        audience=audience,
        form=part["form"],
        mode=part["mode"],
        slots=tuple(part["slots"]),
        scores=scores.reshape(slots, n).T if schema == SCHEMA else scores.reshape(n, slots),
        excluded=_decoded(part["excluded"]),
        attributes=_decoded(part["attributes"]),
        ticks=_decoded_ticks(part["ticks"]),
        counts=Counts(*part["counts"]),
        is_collected=bool(part.get("collected")),
        weights=tuple(part["weights"]) if part.get("weights") else None,
        conversions={code: ScaleChange(*ends) for code, ends in part.get("conversions", {}).items()},
        by_open_link=tuple(bool(row) for row in part.get("open_link", ())),
        open_counts=Counts(None, None, None, *part.get("open_counts", ())),
    )
