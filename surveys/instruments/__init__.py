"""Instruments: versioned questionnaire models as data, and the forms derived from them; knows no Django."""

from surveys.instruments.builtin import BUILTIN, load_builtin
from surveys.instruments.definition import (
    Audience,
    Block,
    Comparison,
    Condition,
    Dimension,
    Factor,
    Gap,
    Item,
    Option,
    Pattern,
    Pillar,
    Scale,
    State,
    Waterfall,
)
from surveys.instruments.derivation import READINESS_STATE
from surveys.instruments.exceptions import InstrumentError
from surveys.instruments.form import (
    CANNOT_JUDGE,
    CANNOT_JUDGE_VALUE,
    MISSING,
    NO_STANDARD,
    NO_STANDARD_VALUE,
    AnswerProblem,
    Form,
    Page,
    PageAnswers,
    Question,
    Slot,
    fill_company,
)
from surveys.instruments.instrument import Instrument
from surveys.instruments.schema import parse_instrument, parse_yaml

__all__ = [
    "BUILTIN",
    "CANNOT_JUDGE",
    "CANNOT_JUDGE_VALUE",
    "MISSING",
    "NO_STANDARD",
    "NO_STANDARD_VALUE",
    "READINESS_STATE",
    "AnswerProblem",
    "Audience",
    "Block",
    "Comparison",
    "Condition",
    "Dimension",
    "Factor",
    "Form",
    "Gap",
    "Instrument",
    "InstrumentError",
    "Item",
    "Option",
    "Page",
    "PageAnswers",
    "Pattern",
    "Pillar",
    "Question",
    "Scale",
    "Slot",
    "State",
    "Waterfall",
    "fill_company",
    "load_builtin",
    "parse_instrument",
    "parse_yaml",
]
