"""The truths in use: the company of the sample engagement, the same a year later, and a company without any gap."""

from collections.abc import Mapping
from dataclasses import replace

from surveys.simulation.truth import ANY, CompanyTruth

_DIMENSIONS = ("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11")


def _row(*means: float) -> dict[str, float]:
    return dict(zip(_DIMENSIONS, means, strict=True))


# From expectation to perception: understanding (ME - CE) -0.4, translation (DS - ME) +0.1, delivery (FD - DS) -0.8
# as the largest loss, visibility (CP - FD) -0.2; together -1.2.
_MEANS = {
    "CE": _row(5.61, 5.47, 6.38, 6.22, 5.19, 6.31, 5.78, 5.92, 5.68, 5.05, 4.72),
    "ME": _row(5.36, 5.17, 6.08, 6.02, 4.89, 5.56, 4.98, 5.57, 5.43, 4.80, 4.30),
    "DS": _row(5.46, 5.27, 6.18, 6.17, 4.94, 5.61, 5.08, 5.67, 5.58, 4.85, 4.10),
    "FD": _row(4.71, 4.27, 5.43, 5.72, 4.24, 4.56, 4.78, 4.47, 4.98, 4.40, 3.40),
    "CP": _row(4.52, 4.08, 5.21, 5.53, 4.02, 4.38, 4.87, 4.29, 4.77, 4.21, 3.19),
    "MP": _row(5.00, 4.70, 5.60, 5.80, 4.60, 5.10, 5.20, 4.90, 5.10, 4.55, 3.90),
    "FE": _row(5.40, 5.25, 6.20, 6.10, 5.00, 6.05, 5.20, 5.65, 5.50, 5.00, 4.45),
    "CA": _row(4.21, 4.12, 5.31, 5.08, 3.98, 5.22, 4.61, 4.58, 4.42, 3.80, 3.30),
    "CR": _row(5.00, 4.60, 5.80, 5.80, 4.50, 5.10, 5.20, 4.90, 5.10, 4.40, 3.70),
    "PR": _row(5.20, 4.90, 5.90, 6.00, 4.80, 5.30, 5.40, 5.20, 5.30, 4.60, 4.00),
}

_SHIFTS = {
    "CP.R1.1": -0.25,
    "CP.R1.3": 0.25,
    "CP.R2.1": -0.30,
    "CP.R2.3": 0.30,
    "CP.R3.2": 0.15,
    "CP.R3.3": -0.15,
    "CP.R6.1": -0.35,
    "CP.R6.2": 0.35,
    "CP.R8.2": -0.30,
    "CP.R8.3": 0.30,
    "CP.R9.3": -0.20,
    "CP.R9.1": 0.20,
}

# Directly compared with the wish, customers say about half of what the difference of the two levels says.
_SHIFTS |= {"Y5.0": -0.6} | {
    f"Y5.{code}": round((_MEANS["CP"][code] - _MEANS["CE"][code]) / 2, 2) for code in _DIMENSIONS
}

_READINESS = {
    "managers": {
        "O1": 5.2, "O2": 5.0, "O3": 4.7, "O4": 4.5, "O5": 4.9,
        "T1": 5.0, "T2": 5.0, "T3": 5.3, "T4": 5.2, "T5": 5.2,
        "H1": 4.9, "H2": 4.5, "H3": 4.4, "H4": 4.8, "H5": 4.3,
    },
    "front_line": {
        "O1": 4.3, "O2": 4.2, "O3": 3.9, "O4": 3.7, "O5": 4.1,
        "T1": 4.5, "T2": 4.3, "T3": 4.2, "T4": 4.6, "T5": 4.7,
        "H1": 4.0, "H2": 3.1, "H3": 3.0, "H4": 3.7, "H5": 2.9,
    },
    "crm_team": {
        "O1": 4.7, "O2": 4.7, "O3": 4.3, "O4": 4.2, "O5": 4.5,
        "T1": 5.4, "T2": 5.5, "T3": 5.8, "T4": 5.7, "T5": 5.8,
        "H1": 4.4, "H2": 3.9, "H3": 3.8, "H4": 4.2, "H5": 3.8,
    },
}  # fmt: skip

_CHANGE = (
    "Send word before something changes, not after.",
    "Fewer leaflets, more information I can use.",
    "Your letters are hard to understand.",
    "I have to tell my story from the beginning every time.",
    "The offers I get have nothing to do with my situation.",
    "Nobody looked at what we had agreed last year.",
    "Call back when you say you will.",
    "The appointment was moved twice without a word.",
    "Tell me early when something will be late.",
    "I would like to speak to somebody who knows the subject.",
    "New customers get better terms than I do after twelve years.",
    "The rules for discounts are not clear to anyone.",
    "Four people, four stories, and I had to explain it each time.",
    "It took five weeks to put a simple mistake right.",
    "Nobody felt responsible for my complaint.",
    "A mistake of yours cost me money and I never got it back.",
    "I never know what my data are used for.",
    "I said no to calls and still get them.",
    "The app says one thing, the branch another.",
    "What I began online I had to begin again on the phone.",
    "The hotline is never free when I have time.",
    "Too many forms for a small request.",
    "Do not call in the evening.",
    "Less advertising, please.",
)

_STAY = (
    "The friendly people at the desk.",
    "Honest advice, even when nothing is sold.",
    "That I can reach somebody who decides.",
    "Clear monthly statements.",
    "The app is quick and simple.",
    "My adviser takes time for me.",
    "They do what was agreed, most of the time.",
    "Short ways in the branch.",
    "They know their subject.",
    "No pressure to buy.",
    "That I am left alone when I need nothing.",
    "The people stay the same, I know them.",
)

SAMPLE_TRUTH = CompanyTruth(
    means=_MEANS,
    shifts=_SHIFTS,
    readiness=_READINESS,
    outcomes={
        "F1": -0.5, "Y1": 4.6, "Y2": 4.9, "Y3": 4.5, "Y4": 6.7, "Y4S": 58.0, "Y5": 0.0, "Y6F": 3.9, "Y7": 4.6,
        "S1": 4.6,
    },
    sds={
        "CE": 0.95, "CP": 1.20, "ME": 0.85, "MP": 0.90, "DS": 0.85, "FE": 0.90, "FD": 1.00,
        "CA": 1.10, "CR": 1.10, "PR": 0.90, "RA": 1.15, "Y": 1.25,
    },
    cannot_judge={
        "CP": _row(0.03, 0.06, 0.02, 0.04, 0.09, 0.21, 0.17, 0.12, 0.03, 0.05, 0.14),
        "CE": _row(0.01, 0.01, 0.01, 0.01, 0.03, 0.03, 0.04, 0.03, 0.01, 0.01, 0.02),
        "MP": {ANY: 0.03},
        "ME": {ANY: 0.01},
        "DS": {ANY: 0.03},
        "FD": {ANY: 0.03, "R7": 0.10},
        "FE": {ANY: 0.01, "R7": 0.05},
    },
    no_standard=0.06,
    missing_share=0.012,
    careless_share=0.03,
    importance=_row(0.9, 0.8, 2.2, 1.6, 0.5, 2.4, 0.8, 1.3, 1.2, 0.7, 0.4),
    choices={
        "M8": _row(1.2, 1.2, 1.8, 2.2, 1.2, 1.0, 0.3, 0.8, 1.0, 0.9, 0.3),
        "F2": {"never": 1.0, "yearly": 1.4, "quarterly": 2.2, "monthly": 1.0, "weekly": 0.1},
        "F3.1": {"visit": 0.4, "phone": 1.0, "mail": 1.0, "app": 2.5, "chat": 0.6},
        "F3.2": {"visit": 2.5, "phone": 1.5, "mail": 0.5, "app": 0.2, "chat": 0.2},
        "F3.3": {"visit": 0.9, "phone": 2.5, "mail": 1.0, "app": 0.4, "chat": 0.4},
        "P1": {"lt1": 0.4, "y1to3": 1.0, "y4to10": 1.6, "gt10": 2.0},
        "P2": {"one": 1.2, "two": 1.6, "three": 1.0, "unsure": 0.2},
        "P3": {"month": 1.6, "quarter": 1.4, "year": 1.0, "longer": 0.5},
    },
    comment_share=0.35,
    comments={"V1": _CHANGE, "V2": _STAY},
)  # fmt: skip

# A year later: daily work came closer to the standard, and customers see it (most in R6 and R8); managers understand a
# little better; in R3 nothing moved but the wish, which fell.
_MOVES = {
    "CE": {"R3": -0.60, ANY: 0.0},
    "ME": {ANY: 0.15},
    "FD": {"R3": 0.0, "R6": 0.90, "R8": 0.85, ANY: 0.45},
    "CP": {"R3": 0.0, "R6": 0.90, "R8": 0.85, ANY: 0.45},
}


def _moved(state: str, row: Mapping[str, float]) -> dict[str, float]:
    moves = _MOVES.get(state, {ANY: 0.0})
    return {code: round(mean + moves.get(code, moves[ANY]), 2) for code, mean in row.items()}


SAMPLE_TRUTH_LATER = replace(SAMPLE_TRUTH, means={code: _moved(code, row) for code, row in _MEANS.items()})

NO_GAP_TRUTH = CompanyTruth(
    means={state: {ANY: 4.8} for state in _MEANS},
    readiness={audience: {ANY: 4.6} for audience in _READINESS},
    outcomes={
        "F1": 0.0,
        "Y1": 5.2,
        "Y2": 5.2,
        "Y3": 5.0,
        "Y4": 7.0,
        "Y4S": 60.0,
        "Y5": 0.0,
        "Y6F": 4.6,
        "Y7": 4.5,
        "S1": 4.6,
    },
    sds=SAMPLE_TRUTH.sds,
    comment_share=0.35,
    comments={"V1": _CHANGE, "V2": _STAY},
)
