"""What portal templates need beyond Django: figures as the reports print them, icons, certainty words, bars, stepper.

Figures keep the document rules on screen: the decimal sign of the reader's language, two decimals, a true minus,
intervals in brackets. A missing value prints as an en dash; a suppressed one is never passed here but through
`suppressed`.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.core.paginator import Page
from django.forms import BoundField, CheckboxInput
from django.http import QueryDict
from django.template import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from charts.theme import reader_decimal
from diagnosis.words import LEFT_OUT, in_thousands
from practice.accent import HEX, accent_of
from practice.enums import Role
from practice.models import Member
from practice.permissions import can

register = template.Library()

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"

STEPS = (
    ("people", gettext_lazy("People"), "people"),
    ("launch", gettext_lazy("Launch"), "launch"),
    ("field", gettext_lazy("Field"), "field"),
    ("diagnosis", gettext_lazy("Diagnosis"), "diagnosis_detail"),
    ("report", gettext_lazy("Report"), "report_list"),
    ("actions", gettext_lazy("Actions"), "actions"),
)
ROOMS = ("", "practice:", "surveys:", "diagnosis:", "reports:")
RAIL = (
    ("settings_", "settings"),
    ("sender", "settings"),
    ("suppression", "settings"),
    ("member_", "settings"),
    ("token_", "settings"),
    ("client_", "clients"),
    ("mailbox", "mailbox"),
)
CERTAINTY = {
    "clear": (3, pgettext_lazy("certainty", "clear")),
    "probable": (2, pgettext_lazy("certainty", "probable")),
    "hint": (1, pgettext_lazy("certainty", "hint")),
    "undecided": (0, pgettext_lazy("certainty", "undecided")),
    "none": (0, pgettext_lazy("certainty", "no difference")),
}
LAMPS = {
    "ok": ("check", gettext_lazy("publishable")),
    "soon": ("minus", gettext_lazy("almost")),
    "no": ("lock", gettext_lazy("hidden: too few")),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an engagement as the stepper shows it."""

    number: int
    code: str
    name: str
    url: str
    state: str


def _number(value: Any) -> float | None:
    """Return a finite number or None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _fixed(number: float, decimals: int, *, signed: bool) -> str:
    plain = f"{abs(number):.{decimals}f}"
    text = plain.replace(".", reader_decimal())
    if float(plain) == 0:
        return text
    if number < 0:
        return MINUS + text
    return f"+{text}" if signed else text


# --- figures ------------------------------------------------------------------------------------
@register.filter
def gap(value: Any, decimals: int = 2) -> str:
    """Print a difference with its sign: `-0.588` becomes `−0.59`; zero has none."""
    number = _number(value)
    return NOTHING if number is None else _fixed(number, decimals, signed=True)


@register.filter
def mean2(value: Any, decimals: int = 2) -> str:
    """Print a mean with two decimals."""
    number = _number(value)
    return NOTHING if number is None else _fixed(number, decimals, signed=False)


@register.filter
def interval(value: Any, kind: str = "gap") -> str:
    """Print the interval of a mapping or object with `ci_low` and `ci_high`, or of a pair: `[−0.76; −0.42]`.

    `kind` is `gap` (signed, two decimals), `gap0` (signed, whole), `mean` (two decimals), `level` (whole numbers) or
    `percent` (of shares).
    """
    if isinstance(value, Mapping):
        low, high = value.get("ci_low"), value.get("ci_high")
    elif isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        low, high = value
    else:
        low, high = getattr(value, "ci_low", None), getattr(value, "ci_high", None)
    ends = _number(low), _number(high)
    if ends[0] is None or ends[1] is None:
        return ""
    if kind == "percent":
        return f"[{percent(ends[0])}; {percent(ends[1])}]"
    decimals = 0 if kind in {"level", "gap0"} else 2
    is_gap = kind.startswith("gap")
    return "[{}; {}]".format(*(_fixed(end, decimals, signed=is_gap) for end in ends if end is not None))


@register.filter
def count(value: Any) -> str:
    """Print a whole number with thousands apart: `1240` becomes `1,240`, or what the reader's language writes."""
    number = _number(value)
    return NOTHING if number is None else in_thousands(number).replace("-", MINUS)


@register.filter
def percent(value: Any, decimals: int = 0) -> str:
    """Print a share of one as per cent: `0.151` becomes `15 %`."""
    number = _number(value)
    if number is None:
        return NOTHING
    return f"{_fixed(100 * number, decimals, signed=False)}{NARROW_SPACE}%"


@register.filter
def p_text(value: Any) -> str:
    """Print a p-value: three decimals, below that `< 0.001`."""
    number = _number(value)
    if number is None:
        return NOTHING
    return f"< {_fixed(0.001, 3, signed=False)}" if number < 0.001 else _fixed(number, 3, signed=False)


@register.filter
def direction(value: Any) -> str:
    """Return the class of a difference's direction: `is-neg`, `is-pos` or `is-nil`; "" without a figure."""
    number = _number(value)
    if number is None:
        return ""
    if f"{number:.2f}" in {"0.00", "-0.00"}:
        return "is-nil"
    return "is-neg" if number < 0 else "is-pos"


@register.filter
def left_out_word(code: str) -> str:
    """Print by which rule answers were left out."""
    return str(LEFT_OUT.get(code, code))


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """Return `mapping[key]` or None, for keys that are only known in a loop."""
    return mapping.get(key) if isinstance(mapping, Mapping) else None


# --- marks --------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, size: str = "sm", label: str = "") -> SafeString:
    """Draw a symbol of icons.svg; without a label it is hidden from screen readers."""
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" {}><use href="{}#i-{}"/></svg>',
        " icon-sm" if size == "sm" else "",
        said,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def certainty(word: str | None) -> SafeString:
    """Show a certainty as dots and its word; `suppressed` and `not_measured` have no dots."""
    if word == "suppressed":
        return suppressed("")
    if word not in CERTAINTY:
        return format_html('<span class="mut">{}</span>', _("not measured"))
    filled, name = CERTAINTY[word]
    dots = format_html_join(
        "",
        '<circle{} cx="{}" cy="5" r="2.75"/>',
        ((SafeString(' class="on"') if i < filled else "", 5 + i * 9) for i in range(3)),
    )
    return format_html(
        '<span class="sure is-{}"><svg viewBox="0 0 28 10" aria-hidden="true">{}</svg>{}</span>',
        word,
        dots,
        name,
    )


@register.simple_tag
def suppressed(reason: str = "", label: str = "") -> SafeString:
    """Show a hidden cell: hatched, with a lock and the reason."""
    return format_html(
        '<span class="locked" title="{}">{}<span>{}</span></span>',
        reason or _("Too few people to show"),
        icon("lock"),
        label or reason or _("hidden"),
    )


@register.simple_tag
def lamp(state: str, label: str = "") -> SafeString:
    """Show a lamp `ok`, `soon` or `no` with its meaning as text for screen readers."""
    symbol, meaning = LAMPS.get(state, LAMPS["no"])
    text = label or meaning
    return format_html(
        '<span class="lamp lamp-{}" title="{}">{}<span class="visually-hidden">{}</span></span>',
        state,
        text,
        icon(symbol),
        text,
    )


@register.simple_tag
def bar(value: Any, most: Any = 100, label: str = "", kind: str = "", mark: Any = None) -> SafeString:
    """Draw `value` of `most` as a bar (SVG, since style attributes are not allowed); `mark` is a threshold line."""
    part, whole = _number(value) or 0.0, _number(most) or 0.0
    width = min(max(100 * part / whole, 0.0), 100.0) if whole > 0 else 0.0
    limit = _number(mark)
    line: str | SafeString = ""
    if limit is not None and whole > 0:
        at = f"{100 * limit / whole:.1f}"
        line = format_html('<line x1="{}" x2="{}" y1="0" y2="10"/>', at, at)
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="bar{}" viewBox="0 0 100 10" preserveAspectRatio="none" {}>'
        '<rect width="100" height="10"/><rect width="{}" height="10"/>{}</svg>',
        f" bar-{kind}" if kind else "",
        said,
        f"{width:.1f}",
        line,
    )


@register.simple_tag
def funnel(invited: Any, delivered: Any, started: Any, finished: Any, needed: Any = None) -> SafeString:
    """Draw invited, delivered, started and finished as nested bars on one scale; hidden counts (None) are left out."""
    whole = _number(invited) or 0.0
    if whole <= 0:
        return SafeString("")

    def width(value: Any) -> str:
        return f"{min(300 * (_number(value) or 0) / whole, 300):.1f}"

    goal = _number(needed)
    at = f"{min(300 * goal / whole, 299):.1f}" if goal is not None else ""
    line = format_html('<line x1="{}" x2="{}" y1="1" y2="29"/>', at, at) if at else ""
    label = _("{invited} invited, {delivered} delivered, {started} started, {finished} answered").format(
        invited=count(invited), delivered=count(delivered), started=count(started), finished=count(finished)
    )
    return format_html(
        '<svg class="funnel" viewBox="0 0 300 30" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="inv" y="9" width="300" height="12"/><rect class="del" y="9" width="{}" height="12"/>'
        '<rect class="sta" y="9" width="{}" height="12"/><rect class="ans" y="6" width="{}" height="18"/>{}</svg>',
        label,
        width(delivered),
        width(started),
        width(finished),
        line,
    )


@register.simple_tag
def client_mark(name: str, colour: str = "") -> SafeString:
    """Draw a client's initials on its colour."""
    words = name.split()
    initials = (words[0][:1] + (words[1][:1] if len(words) > 1 else "")).upper() if words else "?"
    return format_html(
        '<svg class="client-mark" viewBox="0 0 32 32" aria-hidden="true">'
        '<rect width="32" height="32" rx="6" fill="{}"/>'
        '<text x="16" y="20.5">{}</text></svg>',
        accent_of(colour if HEX.match(colour) else "#475364").light,
        initials,
    )


# --- routes --------------------------------------------------------------------------------------
def find_url(name: str, **kwargs: Any) -> str:
    """Return the URL of a portal page by its route name in whichever room has it, or "" when no room does."""
    for room in ROOMS:
        try:
            return reverse(room + name, kwargs=kwargs)
        except NoReverseMatch:
            continue
    return ""


def allowed_url(member: Member | None, name: str, **kwargs: Any) -> str:
    """Return the URL of a portal page, or "" when the member's role may not open it (or there is no such page)."""
    url = find_url(name, **kwargs)
    return url if may_open(member, url) else ""


def may_open(member: Member | None, url: str) -> bool:
    """Tell whether the member's role includes what the page behind an address asks for."""
    try:
        permission = getattr(resolve(urlsplit(url).path).func, "permission", "")
    except Resolver404:
        return True
    return member is None or not permission or can(member, permission)


@register.simple_tag(takes_context=True)
def portal_url(context: Context, name: str, **kwargs: Any) -> str:
    """Return the URL of a page of the current practice; "" when there is no such page: its link is left out."""
    practice = context.get("practice")
    slug = kwargs.pop("slug", None) or (practice.slug if practice else "")
    return find_url(name, slug=slug, **kwargs)


@register.simple_tag(takes_context=True)
def rail_section(context: Context) -> str:
    """Return which item of the rail the page belongs to: engagements, clients, settings or mailbox."""
    match = getattr(context.get("request"), "resolver_match", None)
    name = (match.url_name or "") if match else ""
    return next((section for start, section in RAIL if name.startswith(start)), "engagements")


# --- steps --------------------------------------------------------------------------------------
def _steps(
    slug: str, engagement: Any, current: str, done: Iterable[str] | None, member: Member | None
) -> list[Step]:
    """Return the six steps; those a role may not open have no address, and client viewers do not see them."""
    codes = [code for code, _name, _route in STEPS]
    before = codes[: codes.index(current)] if current in codes else []
    finished = set(before if done is None else done)
    steps: list[Step] = []
    for code, name, route in STEPS:
        url = allowed_url(member, route, slug=slug, engagement_id=engagement.pk)
        if not url and member is not None and member.role == Role.CLIENT_VIEWER:
            continue
        state = "now" if code == current else "done" if code in finished else "todo"
        steps.append(Step(len(steps) + 1, code, str(name), url, state))
    return steps


def _allowed_action(context: Context) -> dict[str, Any] | None:
    """Return the page's next action; only its note where the role may not do it."""
    action = context.get("next_action")
    if not action or may_open(context.get("member"), action.get("url", "")):
        return action
    return {"note": action["note"]} if action.get("note") and can(context["member"], "field.read") else None


@register.inclusion_tag("includes/stepper.html", takes_context=True)
def stepper(
    context: Context, engagement: Any, current: str, done: Iterable[str] | None = None
) -> dict[str, Any]:
    """Show the six steps of an engagement; `done` are codes of finished steps (default: all before the current)."""
    practice = context.get("practice")
    return {
        "steps": _steps(practice.slug if practice else "", engagement, current, done, context.get("member")),
        "next_action": _allowed_action(context),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def six(current: str) -> SafeString:
    """Draw the step of an engagement as six small marks with its name below."""
    codes = [code for code, _name, _route in STEPS]
    position = codes.index(current) if current in codes else 0
    name = STEPS[position][1]
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" width="14" height="5" rx="2"/>',
        (("d" if i < position else "n" if i == position else "", 17 * i) for i in range(6)),
    )
    label = _("Step {number} of 6: {name}").format(number=position + 1, name=name)
    return format_html(
        '<svg class="six" viewBox="0 0 99 5" role="img" aria-label="{}">{}</svg><span class="xs mut">{}</span>',
        label,
        rects,
        name,
    )


@register.inclusion_tag("includes/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], noun: str = "") -> dict[str, Any]:
    """Show "1-25 of 132", previous and next; keeps the other query parameters."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query.pop("page", None)
    rest = query.urlencode()
    return {"page": page, "noun": noun, "prefix": f"?{rest}&page=" if rest else "?page="}


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """Return the current query string with some parameters set, or removed when None; the page starts anew."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query.pop("page", None)
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Tell whether a form field is a single checkbox, whose label stands behind it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def anchor(value: Any) -> str:
    """Make a fragment id of a code: `I1.R6` becomes `I1-R6`."""
    return re.sub(r"[^0-9A-Za-z_-]+", "-", str(value))
