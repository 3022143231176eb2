"""What an employer can filter by: which attributes of the people stay with the answers, decided before launch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from surveys.attributes import joint_cells, keep_attributes, merge_small, reduce_attributes, values_of
from surveys.enums import AudienceState, Mode
from surveys.models import Recipient, WaveAudience

LONGEST_VALUE = 100


@dataclass(frozen=True, slots=True)
class AttributePreview:
    """One attribute of an audience: its values with what they are shown as, and whether it stays with the answers.

    `smallest` is the smallest joint cell it would leave beside the kept ones; None where it is kept or left out.
    """

    name: str
    is_used: bool
    is_kept: bool
    smallest: int | None
    values: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class AudiencePreview:
    """What answers of an audience can be filtered by, as a launch at this moment would fix it."""

    audience: WaveAudience
    n_people: int
    attributes: tuple[AttributePreview, ...]
    kept: tuple[str, ...]
    cells: tuple[tuple[tuple[str, ...], int], ...]


def preview_attributes(audience: WaveAudience) -> AudiencePreview:
    """Return what a launch at this moment would keep of the people's attributes."""
    rows = list(Recipient.objects.filter(wave_audience=audience).values_list("attributes", flat=True))
    plan = audience.attribute_plan
    reduced = [reduce_attributes(row, plan) for row in rows]
    is_named = audience.mode == Mode.NAMED
    kept = sorted({name for row in reduced for name in row}) if is_named else keep_attributes(reduced)
    names = sorted({name for row in rows for name in row})
    attributes = []
    for name in names:
        shown_as = plan.get("shown_as", {}).get(name, {})
        counts = values_of(rows, name)
        values = tuple(
            (value, shown_as.get(value, value), counts[value]) for value in sorted(counts) if value
        )
        is_used = name not in plan.get("dropped", ())
        left = is_used and name not in kept and bool(reduced)
        smallest = min(joint_cells(reduced, [*kept, name]).values()) if left else None
        attributes.append(AttributePreview(name, is_used, name in kept, smallest, values))
    cells = (
        tuple(sorted(joint_cells(reduced, kept).items(), key=lambda cell: (cell[1], cell[0]))) if kept else ()
    )
    return AudiencePreview(audience, len(rows), tuple(attributes), tuple(kept), cells)


@transaction.atomic
def set_attributes(
    audience: WaveAudience,
    *,
    used: Collection[str],
    shown_as: Mapping[str, Mapping[str, str]],
    actor: Member | None,
) -> WaveAudience:
    """Say before launch which attributes are used and what each value is shown as; "" leaves a value out.

    Raises WrongStateError after the launch and InvalidInputError for a value that cannot be shown.
    """
    locked = _lock(audience)
    names = {name for row in _attributes(locked) for name in row}
    renamed: dict[str, dict[str, str]] = {}
    for name in sorted(names & shown_as.keys()):
        for value, shown in shown_as[name].items():
            text = " ".join(shown.split())
            if len(text) > LONGEST_VALUE or not text.isprintable():
                raise InvalidInputError(
                    _("This value cannot be shown."),
                    fields={name: _("At most 100 characters on one line.")},
                )
            if text != value:
                renamed.setdefault(name, {})[value] = text
    return _save(locked, {"dropped": sorted(names - set(used)), "shown_as": renamed}, actor)


@transaction.atomic
def merge_attributes(audience: WaveAudience, *, actor: Member | None) -> WaveAudience:
    """Merge the small values of every used attribute, and cut numbers into bands, so that five share each."""
    locked = _lock(audience)
    rows, plan = _attributes(locked), locked.attribute_plan
    used = {name for row in rows for name in row} - set(plan.get("dropped", ()))
    shown_as = dict(plan.get("shown_as", {}))
    for name in sorted(used):
        merged = merge_small(values_of(rows, name), _("Other"))
        if merged:
            shown_as[name] = merged
    return _save(locked, {**plan, "shown_as": shown_as}, actor)


def _lock(audience: WaveAudience) -> WaveAudience:
    locked = WaveAudience.objects.select_for_update(of=("self",)).get(pk=audience.pk)
    if locked.state != AudienceState.DRAFT:
        raise WrongStateError(_("What stays with the answers is fixed once the audience is launched."))
    return locked


def _attributes(audience: WaveAudience) -> list[dict[str, str]]:
    return list(Recipient.objects.filter(wave_audience=audience).values_list("attributes", flat=True))


def _save(audience: WaveAudience, plan: Mapping[str, object], actor: Member | None) -> WaveAudience:
    audience.attribute_plan = dict(plan)
    audience.save(update_fields=["attribute_plan"])
    audit.record("audience.attributes_set", audience, actor=actor, changed=["attribute_plan"])
    return audience
