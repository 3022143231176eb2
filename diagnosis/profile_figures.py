"""Relationship profiles for screen, paper and spreadsheets: small multiples, figures, and what to know about them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from charts.profiles import ProfileCell, ProfilePanel, Profiles, profiles
from charts.theme import PAPER, Theme
from diagnosis.figures import DOCUMENT_WIDTH
from diagnosis.result import Result as ComputedResult
from diagnosis.table import Cell, Table
from surveys.instruments import Instrument

Result = Mapping[str, Any]
TOLERANCE_SHARE = 0.05
NO_CELL: Mapping[str, Any] = {"mean": None, "ci_low": None, "ci_high": None, "n": None}
FAILURES = {
    "": pgettext_lazy("profiles tried", "holds"),
    "silhouette": pgettext_lazy("profiles tried", "not distinct enough"),
    "size": pgettext_lazy("profiles tried", "a group too small"),
    "stability": pgettext_lazy("profiles tried", "not stable"),
}


def profile_name(row: Mapping[str, Any], kind: str) -> str:
    """Return what a profile is called: the suggested name, its place among types, or its letter."""
    letter = chr(ord("A") + row["number"] - 1)
    if row["name"] and kind == "profiles":
        return f"{letter} · {row['name']}"
    return (
        _("Type %(letter)s") % {"letter": letter}
        if kind == "types"
        else _("Profile %(letter)s") % {"letter": letter}
    )


def profiles_title(result: Result) -> str:
    """Say how many profiles there are, or that there are none."""
    found = result["profiles"]
    if found["kind"] == "none":
        return _("Whether customers want different things cannot be said yet")
    if found["kind"] == "types":
        return _("No distinct profiles: what customers want forms a continuum")
    n = len(found["rows"])
    text = ngettext(
        "Customers fall into %(n)s profile",
        "Customers fall into %(n)s profiles that want different things",
        n,
    )
    return text % {"n": n}


def profiles_figure(
    result: Result, instrument: Instrument, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH
) -> str:
    """Draw one panel per profile: wanted with interval, received, and the one standard for all."""
    found, scale = result["profiles"], result["scale"]
    codes = {dimension.code: dimension.name for dimension in instrument.dimensions}
    shown = [code for code in codes if any(code in row["wanted"] for row in found["rows"])]
    data = Profiles(
        title=_("What each profile wants"),
        desc="; ".join(
            f"{profile_name(row, found['kind'])} {theme.percent(row['share'])}: {describe(row, instrument)}"
            for row in found["rows"]
            if not row["hidden"]
        ),
        dimensions=tuple(f"{code} {codes[code]}" for code in shown),
        panels=tuple(_panel(row, found["kind"], shown, instrument) for row in found["rows"]),
        expectation_label=_("wanted"),
        standard_label=_("standard"),
        perception_label=_("received"),
        tolerance=TOLERANCE_SHARE * (scale["high"] - scale["low"]),
        low=float(scale["low"]),
        high=float(scale["high"]),
    )
    return profiles(data, theme=theme, uid=uid, width=width)


def _panel(row: Mapping[str, Any], kind: str, codes: list[str], instrument: Instrument) -> ProfilePanel:
    cells = []
    for code in codes:
        wanted, received = row["wanted"].get(code, NO_CELL), row["received"].get(code, NO_CELL)
        fit = row["fit"].get(code)
        standard = None if fit is None or wanted["mean"] is None else wanted["mean"] + fit
        cells.append(
            ProfileCell(wanted["mean"], wanted["ci_low"], wanted["ci_high"], standard, received["mean"])
        )
    return ProfilePanel(
        name=profile_name(row, kind),
        share=row["share"],
        description="" if row["hidden"] else describe(row, instrument),
        note="" if row["n"] is None else f"n = {row['n']}",
        cells=tuple(cells),
        indicative=row["indicative"],
        hidden=row["hidden"] or "",
    )


def describe(row: Mapping[str, Any], instrument: Instrument) -> str:
    """Say what a profile wants more and less than the others."""
    names = {dimension.code: (dimension.name) for dimension in instrument.dimensions}
    parts = []
    if row["more"]:
        parts.append(_("more: %(names)s") % {"names": ", ".join(names[code].lower() for code in row["more"])})
    if row["less"]:
        parts.append(_("less: %(names)s") % {"names": ", ".join(names[code].lower() for code in row["less"])})
    return "; ".join(parts) or _("near the mean of all")


def profile_rows(result: Result, instrument: Instrument) -> list[dict[str, Any]]:
    """One row per dimension: wanted and standard minus wanted of each profile."""
    found = result["profiles"]
    return [
        {
            "code": dimension.code,
            "name": dimension.name,
            "cells": [
                {"wanted": row["wanted"].get(dimension.code, NO_CELL), "fit": row["fit"].get(dimension.code)}
                for row in found["rows"]
            ],
        }
        for dimension in instrument.dimensions
        if any(dimension.code in row["wanted"] for row in found["rows"])
    ]


def profile_heads(result: Result, instrument: Instrument) -> list[dict[str, Any]]:
    """Name, share, n and outcomes of each profile."""
    found = result["profiles"]
    blocks = {block.code: block.name for block in instrument.blocks}
    return [
        {
            "name": profile_name(row, found["kind"]),
            "n": row["n"],
            "share": row["share"],
            "hidden": row["hidden"],
            "outcomes": [
                {"name": blocks[code], "mean": mean["mean"]} for code, mean in row["outcomes"].items()
            ],
        }
        for row in found["rows"]
    ]


def profile_notes(result: Result, instrument: Instrument) -> list[str]:
    """Everything a reader must know: why there are none, how sure the split is, whether it is of use, and the key."""
    found = result["profiles"]
    notes = [found["reason"]] if found["reason"] else []
    if found["kind"] == "profiles":
        notes.append(
            _(
                "Silhouette %(silhouette)s, stability %(stability)s (mean Jaccard similarity over resamples; from .75)."
            )
            % {"silhouette": PAPER.number(found["silhouette"]), "stability": PAPER.number(found["stability"])}
        )
        if found["useful"] is not None:
            notes.append(
                _("The profiles also differ in what was not used to build them (perceptions, outcomes).")
                if found["useful"]
                else _("The profiles do not differ in perceptions or outcomes: their use is not shown.")
            )
        notes.append(
            _("Profiles are built from wishes: differences from the standard are described, not tested.")
        )
    if found["imputed"]:
        notes.append(
            _(
                "%(share)s of the wishes were missing and replaced for the grouping; means rest on given answers."
            )
            % {"share": PAPER.percent(found["imputed"])}
        )
    if key := found["key"]:
        notes.append(
            _(
                "A key of %(n)s questions assigns %(rate)s of unseen customers rightly (%(chance)s by chance):"
                " %(items)s."
            )
            % {
                "n": len(key["items"]),
                "rate": PAPER.percent(key["hit_rate"]),
                "chance": PAPER.percent(key["by_chance"]),
                "items": ", ".join(key["items"]),
            }
        )
    return notes


def candidate_rows(result: Result) -> list[dict[str, Any]]:
    """Every number of profiles that was tried, with the condition that failed in words."""
    return [row | {"failure_name": FAILURES[row["failure"]]} for row in result["profiles"]["candidates"]]


def profile_tables(result: ComputedResult, instrument: Instrument) -> list[Table]:
    """Profiles, candidates and the key as tables of the workbook in full precision."""
    found = result.profiles
    if found is None:
        return []
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    rows: list[tuple[Cell, ...]] = []
    for row in found.rows:
        if row.hidden:
            rows.append((row.number, row.name, *[None] * 9, row.hidden))
            continue
        for code, wanted in row.wanted.items():
            got = row.received.get(code)
            rows.append(
                (
                    row.number, row.name, row.n, row.share, code, names[code], wanted.mean, wanted.ci_low,
                    wanted.ci_high, got.mean if got else None, row.fit.get(code), "",
                )
            )  # fmt: skip
    header = (
        _("Profile"), _("Suggested name"), _("n"), _("Share"), _("Dimension"), _("Name"), _("Wanted"), _("CI low"),
        _("CI high"), _("Received"), _("Standard minus wanted"), _("Note"),
    )  # fmt: skip
    tried = tuple(
        (
            one.k,
            one.silhouette,
            one.smallest_share,
            one.stability,
            one.bic,
            one.entropy,
            str(FAILURES[one.failure]),
        )
        for one in found.candidates
    )
    tried_header = (
        _("Profiles"), _("Silhouette"), _("Smallest share"), _("Stability"), "BIC", _("Entropy"), _("Conditions"),
    )  # fmt: skip
    key_rows: list[tuple[Cell, ...]] = []
    if found.key:
        for number, (constant, weights) in enumerate(
            zip(found.key.constants, found.key.weights, strict=True), start=1
        ):
            key_rows.append((number, _("constant"), constant))
            key_rows += [
                (number, item, weight) for item, weight in zip(found.key.items, weights, strict=True)
            ]
    return [
        Table(_("Profiles"), header, tuple(rows)),
        Table(_("Numbers of profiles tried"), tried_header, tried),
        Table(_("Key to the profiles"), (_("Profile"), _("Item"), _("Weight")), tuple(key_rows)),
    ]
