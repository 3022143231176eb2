"""The only adapter between stored answers and figures: rows of a wave -> frames -> bytes of a snapshot and back.

A frame holds no person: packed scores, reduced attributes, ticks and flags, in an order that follows from the values
alone, so the same answers always give the same bytes and the same hash.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

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
from surveys.quality import share_answered
from surveys.settling import ORDER

SCHEMA: Final = 2
READABLE: Final = (1, SCHEMA)
PACKING_LEVEL: Final = 3
"""Level 9 takes six times as long for a tenth less; the hash is that of the content."""
CARELESS_FLAGS: Final = 2
MIN_CORE_SHARE: Final = 0.5
CARELESS: Final = "careless"
FEW_ANSWERS: Final = "few_answers"
OPEN_LINK: Final = "open_link"
USED: Final = ""

Scores: TypeAlias = NDArray[np.int16]
Ratings: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were invited, reached, lost, began and finished; None = not known or not to be shown."""

    invited: int | None = None
    accepted: int | None = None
    bounced: int | None = None
    started: int | None = None
    finished: int | None = None


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """A straight line from the numbers of a file to the scale of the instrument: lowest and highest value of both.

    A file whose best answer is its lowest number has `from_low` above `from_high`.
    """

    from_low: int
    from_high: int
    low: int
    high: int

    def apply(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """low + (x - from_low) * (high - low) / (from_high - from_low)."""
        return self.low + (values - self.from_low) * (self.high - self.low) / (self.from_high - self.from_low)


@dataclass(frozen=True)
class AudienceFrame:
    """All finished answers of one audience: `scores` (persons, slots) packed, everything else per person in that order.

    `excluded` is "" for used answers, else the rule that leaves them out. `ticks` are the answers to questions with
    several choices, by question. Answers collected elsewhere hold only the slots that were asked, may have `weights`
    (one per person, any scale above 0) and `conversions` of slots whose file used other numbers (see `ScaleChange`).
    `by_open_link` tells of each answer whether it came by an open link (empty: none did), `open_counts` how many visits
    began and finished; `counts` are those of the invited alone.
    """

    audience: str
    form: str
    mode: str
    slots: tuple[str, ...]
    scores: Scores
    excluded: Sequence[str]
    attributes: Sequence[Mapping[str, str]]
    ticks: Sequence[Mapping[str, Sequence[str]]]
    counts: Counts = field(default_factory=Counts)
    is_collected: bool = False
    weights: tuple[float, ...] | None = None
    conversions: Mapping[str, ScaleChange] = field(default_factory=dict)
    by_open_link: tuple[bool, ...] = ()
    open_counts: Counts = field(default_factory=Counts)

    @cached_property
    def _reasons(self) -> Coded[str]:
        return Coded.of(self.excluded)

    @property
    def n(self) -> int:
        """Finished answers in the frame, used or not."""
        return int(self.scores.shape[0])

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Mask of the answers the figures use."""
        reasons = self._reasons
        return np.array([reason == USED for reason in reasons.values], dtype=np.bool_)[reasons.codes]

    @cached_property
    def n_used(self) -> int:
        """Answers the figures use."""
        return int(np.count_nonzero(self.used))

    @cached_property
    def n_used_by_open_link(self) -> int:
        """Answers by open links among those the figures use."""
        return int(np.count_nonzero(self.used & np.array(self.by_open_link))) if self.by_open_link else 0

    def excluded_by(self, reason: str, *, by_open_link: bool = False) -> int:
        """Answers of one channel that a rule leaves out."""
        channels = self.by_open_link or (False,) * self.n
        pairs = zip(self.excluded, channels, strict=True)
        return sum(found == reason and channel == by_open_link for found, channel in pairs)

    @cached_property
    def _used_scores(self) -> Scores:
        """Scores of the used persons, column by column in memory: every reader takes few columns of all persons."""
        return np.asfortranarray(self.scores if self.n_used == self.n else self.scores[self.used])

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {code: index for index, code in enumerate(self.slots)}

    def has_slot(self, code: str) -> bool:
        """Tell whether the form asks for this value."""
        return code in self.slots

    def packed(self, codes: Sequence[str]) -> Scores:
        """Packed scores (codes, used persons); slots the form lacks are MISSING."""
        rows, place = self._used_scores, self._place
        packed = np.empty((len(codes), len(rows)), np.int16)
        for number, code in enumerate(codes):
            packed[number] = rows[:, place[code]] if code in place else MISSING
        return packed

    def ratings(self, codes: Sequence[str]) -> Ratings:
        """Ratings (used persons, codes) in scale points; nan = missing, cannot judge, no standard or not asked."""
        rows, place = self._used_scores, self._place
        ratings = np.full((len(rows), len(codes)), np.nan, order="F")
        for column, code in enumerate(codes):
            if code not in place:
                continue
            packed, points = rows[:, place[code]], ratings[:, column]
            np.copyto(points, packed, where=packed > NOT_ASKED)
            if code in self.conversions:
                points[:] = self.conversions[code].apply(points)
        return ratings

    def asked(self, codes: Sequence[str]) -> NDArray[np.bool_] | None:
        """Which values each used person was asked for (used persons, codes); None where everybody was asked all."""
        asked = self.packed(codes) != NOT_ASKED
        return None if asked.all() else asked.T

    def used_weights(self) -> NDArray[np.float64] | None:
        """Weights of the used persons with mean 1, in the order of `ratings`; None = everybody counts the same."""
        if self.weights is None:
            return None
        kept = np.array(self.weights, dtype=np.float64)[self.used]
        return kept / kept.mean() if kept.size else kept

    def sampled(self, most: int, random: np.random.Generator) -> "AudienceFrame":
        """The frame with a random `most` of its used persons, or itself when there are not more."""
        if self.n_used <= most:
            return self
        kept = np.sort(random.choice(np.flatnonzero(self.used), most, replace=False))
        return replace(
            self,
            scores=self.scores[kept],
            excluded=self._reasons.take(kept),
            attributes=Coded.of(self.attributes, _as_key).take(kept),
            ticks=Coded.of(self.ticks, _as_key).take(kept),
            weights=None if self.weights is None else tuple(self.weights[row] for row in kept.tolist()),
            by_open_link=tuple(self.by_open_link[row] for row in kept.tolist()) if self.by_open_link else (),
        )

    @cached_property
    def _used_attributes(self) -> Coded[Mapping[str, str]]:
        return Coded.of(self.attributes, _as_key).take(self.used)

    @cached_property
    def _used_ticks(self) -> Coded[Mapping[str, Sequence[str]]]:
        return Coded.of(self.ticks, _as_key).take(self.used)

    @cached_property
    def attribute_names(self) -> Sequence[str]:
        """Names of the attributes that any used person has, in order; the order of pages is none."""
        rows = self._used_attributes
        present = np.unique(rows.codes).tolist()
        return sorted(set().union(*(rows.values[place] for place in present)) - {ORDER})

    def groups(self, attribute: str) -> dict[str, NDArray[np.bool_]]:
        """Mask of the used persons with each value of an attribute, values in order; "" = value not known."""
        rows = self._used_attributes
        found = [row.get(attribute, "") for row in rows.values]
        masks = {
            value: np.array([one == value for one in found], dtype=np.bool_)[rows.codes]
            for value in sorted(set(found))
        }
        return {value: mask for value, mask in masks.items() if mask.any()}

    def ticked(self, question: str, codes: Sequence[str]) -> NDArray[np.bool_]:
        """Which codes each used person ticked for a question: (used persons, codes), in the order of `ratings`."""
        rows = self._used_ticks
        ticks = [frozenset(row.get(question, ())) for row in rows.values]
        known = np.array([[code in row for code in codes] for row in ticks], dtype=np.bool_)
        return known.reshape(len(ticks), len(codes))[rows.codes]


def _as_key(row: Mapping[str, str] | Mapping[str, Sequence[str]]) -> object:
    """What tells two rows of attributes or ticks apart."""
    return tuple(
        (name, value if isinstance(value, str) else tuple(value)) for name, value in sorted(row.items())
    )


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


def exclusion_reason(
    form: Form,
    scores: Sequence[int],
    flags: Sequence[str],
    asked: Sequence[int] | None = None,
    off: Collection[str] = (),
) -> str:
    """The rule that leaves an answer out: less than half of the core ratings asked, or two flags of carelessness.

    Rules in `off` are not applied.
    """
    if FEW_ANSWERS not in off and share_answered(form, scores, asked=asked) < MIN_CORE_SHARE:
        return FEW_ANSWERS
    return CARELESS if CARELESS not in off and len(set(flags)) >= CARELESS_FLAGS else USED


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
    places = [form.slot_index[code] for code in asked] if asked is not None else None
    several = {
        question.code for page in form.pages for question in page.questions if question.kind == "multi"
    }
    people: list[tuple[Any, ...]] = []
    rows = [*rows, *open_rows]
    if wrong := [len(scores) for scores, _choices, _kept, _flags in rows if len(scores) != len(form.slots)]:
        message = f"an answer with {wrong[0]} values does not fit the form {form.code}"
        raise ValueError(message)
    n_invited = len(rows) - len(open_rows)
    judged = [
        exclusion_reason(form, scores, flags, places, rules_off)
        for scores, _choices, _kept, flags in rows[:n_invited]
    ]
    judged += _judge_open(form, open_rows, rules_off)
    for number, (scores, choices, attributes, _flags) in enumerate(rows):
        kept = {str(name): str(value) for name, value in attributes.items() if value not in ("", None)}
        ticks = {code: tuple(choices[code]) for code in sorted(several & choices.keys()) if choices[code]}
        packed = tuple(scores) if places is None else tuple(scores[place] for place in places)
        more: list[Any] = [weights[number]] if weights else []
        more += [True] if number >= n_invited else []
        people.append((packed, ticks, kept, judged[number], *more))
    people.sort(key=lambda person: (person[0], json.dumps(person[1:], sort_keys=True)))
    slots = tuple(slot.code for slot in form.slots) if asked is None else tuple(asked)
    matrix = np.array([person[0] for person in people], dtype=np.int16).reshape(len(people), len(slots))
    return AudienceFrame(
        audience=form.audience,
        form=form.code,
        mode=mode,
        slots=slots,
        scores=matrix,
        excluded=Coded.of(person[3] for person in people),
        attributes=Coded.of((person[2] for person in people), _as_key),
        ticks=Coded.of((person[1] for person in people), _as_key),
        counts=counts,
        is_collected=asked is not None,
        weights=tuple(float(person[4]) for person in people) if weights else None,
        conversions=dict(conversions or {}),
        by_open_link=tuple(len(person) > 4 for person in people) if open_rows else (),
        open_counts=open_counts or Counts(),
    )


def _judge_open(form: Form, rows: Sequence[AnswerRow], off: Collection[str]) -> list[str]:
    """What leaves out each answer by an open link; all of them, unless five at least come in together."""
    if OPEN_LINK not in off:
        return [OPEN_LINK] * len(rows)
    judged = [exclusion_reason(form, scores, flags, None, off) for scores, _choices, _kept, flags in rows]
    if 0 < judged.count(USED) < MIN_GROUP:
        return [OPEN_LINK if reason == USED else reason for reason in judged]
    return judged


def read_frames(wave: Wave, rules_off: Collection[str] | None = None) -> Frames:
    """Read a wave's frames: confidential audiences once they are released, named ones at any time.

    `rules_off` are the rules of exclusion not to apply; None: those the wave has switched off.
    """
    off = tuple(sorted(wave.rules_off if rules_off is None else rules_off))
    instrument = parse_instrument(wave.instrument, source=f"wave {wave.pk}")
    audiences = {}
    channels = {row.audience: row for row in WaveAudience.objects.filter(wave=wave, channel=Channel.OPEN)}
    for wave_audience in WaveAudience.invited.filter(wave=wave).order_by("audience"):
        channel = channels.get(wave_audience.audience)
        if channel is not None and (channel.state != AudienceState.RELEASED or wave_audience.source):
            channel = None
        rules = {*off, OPEN_LINK} if _asks_by_open_link_alone(wave, wave_audience) else off
        is_readable = wave_audience.mode == Mode.NAMED or wave_audience.state == AudienceState.RELEASED
        if is_readable or (channel is not None and OPEN_LINK in rules):
            audiences[wave_audience.audience] = _read_audience(wave_audience, instrument, rules, channel)
    return Frames(instrument.code, instrument.version, audiences, off)


def _asks_by_open_link_alone(wave: Wave, wave_audience: WaveAudience) -> bool:
    """Tell whether nobody of the audience was invited, nor can be any more: then there is nothing to mix with."""
    return wave.closed_at is not None and wave_audience.state == AudienceState.DRAFT


def _read_audience(
    wave_audience: WaveAudience, instrument: Instrument, off: Collection[str], channel: WaveAudience | None
) -> AudienceFrame:
    form = instrument.form(wave_audience.form)
    rows, stored = _read_rows(wave_audience)
    source = wave_audience.source
    if not source:
        return build_frame(
            form,
            mode=wave_audience.mode,
            rows=rows,
            counts=_read_counts(wave_audience),
            rules_off=off,
            open_rows=[] if channel is None else _read_rows(channel)[0],
            open_counts=None
            if channel is None
            else Counts(started=channel.totals.get("started"), finished=channel.totals.get("finished")),
        )
    return build_frame(
        form,
        mode=wave_audience.mode,
        rows=rows,
        counts=Counts(finished=len(rows)),
        asked=source["slots"],
        weights=[record["weight"] for record in stored] if source["weighted"] else None,
        conversions={code: ScaleChange(*ends) for code, ends in source["conversions"].items()},
        rules_off=off,
    )


def _read_rows(wave_audience: WaveAudience) -> tuple[list[AnswerRow], list[dict[str, Any]]]:
    """Answers of one channel of an audience, and their records in the same order."""
    stored = Response.objects.filter(wave_audience=wave_audience)
    found = list(stored.values_list("scores", "record", "attributes", "flags"))
    rows: list[AnswerRow] = [
        (scores, record.get("choices", {}), attributes, flags) for scores, record, attributes, flags in found
    ]
    return rows, [record for _scores, record, _attributes, _flags in found]


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
        "scores": base64.b64encode(frame.scores.astype("<i2").tobytes()).decode(),
        "excluded": _coded(frame.excluded),
        "attributes": _coded(frame.attributes),
        "ticks": _coded(frame.ticks),
        "counts": [counts.invited, counts.accepted, counts.bounced, counts.started, counts.finished],
    }


def _coded(rows: Sequence[Any]) -> dict[str, Any]:
    """The values that occur, in an order that follows from them alone, and which of them each person has."""
    coded = Coded.of(rows, lambda row: row if isinstance(row, str) else _as_key(row))
    present = np.unique(coded.codes).tolist()
    order = sorted(present, key=lambda place: json.dumps(coded.values[place], sort_keys=True))
    renumbered = np.zeros(len(coded.values), dtype="<i4")
    renumbered[order] = np.arange(len(order))
    codes = renumbered[coded.codes].tobytes()
    return {"values": [coded.values[place] for place in order], "codes": base64.b64encode(codes).decode()}


def _decoded(part: Any) -> Coded[Any]:
    """Values of the persons as `_coded` packed them; as one list in snapshots of schema 1."""
    if isinstance(part, list):
        return Coded.of(part, lambda row: row if isinstance(row, str) else _as_key(row))
    codes = np.frombuffer(base64.b64decode(part["codes"]), dtype="<i4").astype(np.int32)
    return Coded(tuple(part["values"]), codes)


def _decoded_ticks(part: Any) -> Coded[Mapping[str, Sequence[str]]]:
    found = _decoded(part)
    rows = ({question: tuple(ticks) for question, ticks in row.items()} for row in found.values)
    return Coded(tuple(rows), found.codes)


def unpack_frames(content: bytes) -> Frames:
    """Read the bytes of a snapshot; raises ValueError on another schema."""
    plain = json.loads(zlib.decompress(content))
    if plain["schema"] not in READABLE:
        message = f"a snapshot of schema {plain['schema']} cannot be read, only {SCHEMA}"
        raise ValueError(message)
    code, version = plain["instrument"]
    audiences = {name: _unpacked(name, part) for name, part in plain["audiences"].items()}
    rules = plain["rules"]
    return Frames(code, version, audiences, tuple(rules.get("off", ())), bool(rules.get("second_reading")))


def _unpacked(audience: str, part: Mapping[str, Any]) -> AudienceFrame:
    scores = np.frombuffer(base64.b64decode(part["scores"]), dtype="<i2").astype(np.int16)
    return AudienceFrame(
        audience=audience,
        form=part["form"],
        mode=part["mode"],
        slots=tuple(part["slots"]),
        scores=scores.reshape(part["n"], len(part["slots"])),
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
