"""What a refusal says: the address is wrong, this mail is not wanted, or it may work later.

Enhanced codes are those of RFC 3463. A 5 in front does not always mean the address: a host that cannot be found (5.4.4)
or a full mailbox (5.2.2) is trouble that passes, and a blocked sender (5.7.1) says nothing about the receiver.
"""

import re
from enum import StrEnum
from typing import Final

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?=[\s\-#:;,]|$)")
FULL_MAILBOX = re.compile(
    r"mailbox (?:is )?full|over ?quota|quota (?:exceeded|has been)|exceeded (?:its |the |their )?(?:storage|quota)"
    r"|insufficient (?:system )?storage|out of storage|postfach.{0,20}voll|bo[iî]te.{0,20}pleine",
    re.IGNORECASE,
)
NO_SUCH_ADDRESS = re.compile(
    r"user unknown|unknown user|no such (?:user|mailbox|recipient|address|local user|person)|user (?:is )?not found"
    r"|(?:recipient|mailbox|account|address)[^.\n]{0,60}(?:does not exist|doesn't exist|not exist|not found|unknown"
    r"|disabled|inactive|unavailable|no longer)|recipnotfound|invalid (?:recipient|mailbox)|unrouteable address"
    r"|recipient address rejected|empfänger.{0,40}(?:unbekannt|nicht gefunden)"
    r"|destinataire.{0,40}(?:inconnu|introuvable)",
    re.IGNORECASE,
)
NOT_THE_ADDRESS: Final = {"1.7", "1.8", "2.2", "2.3", "2.4"}
PASSES: Final = {"2.2", "3.1", "3.2", "3.3"}


class Refusal(StrEnum):
    """What a refusal means for the address and for this mail."""

    HARD = "hard"
    """The address does not work: nothing is to be sent there again."""
    TRANSIENT = "transient"
    """It may work later."""
    REJECTED = "rejected"
    """This mail is not taken and repeating it does not help, but the address may well be right."""


def read_refusal(text: str, *, status: str = "") -> Refusal:
    """Return what a refusal means, from its status code and words; without either it is taken for one that passes.

    A status that says no more than "failed" (5.0.0) gives way to a better one among the words.
    """
    codes = [match.group(0) for match in ENHANCED.finditer(f"{status} {text}")]
    precise = [code for code in codes if not code.endswith(".0.0")]
    if FULL_MAILBOX.search(text) and not any(code.startswith("5.1.") for code in precise):
        return Refusal.TRANSIENT
    if precise or codes:
        return _of_enhanced((precise or codes)[0], text)
    basic = BASIC.search(text)
    if basic is not None:
        return _of_basic(basic[1], text)
    return Refusal.HARD if NO_SUCH_ADDRESS.search(text) else Refusal.TRANSIENT


def _of_enhanced(code: str, text: str) -> Refusal:
    kind, detail = code.split(".", 1)
    if kind != "5" or detail in PASSES:
        return Refusal.TRANSIENT
    subject = detail.split(".")[0]
    if subject == "4":
        # Some servers answer so for addresses they do not have (5.4.1); by the standard it is trouble with the way.
        return Refusal.HARD if NO_SUCH_ADDRESS.search(text) and detail == "4.1" else Refusal.TRANSIENT
    if subject in {"0", "1", "2"} and detail not in NOT_THE_ADDRESS:
        return Refusal.HARD
    return Refusal.REJECTED


def _of_basic(code: str, text: str) -> Refusal:
    if code.startswith("4") or code == "552":
        return Refusal.TRANSIENT
    if code in {"550", "551", "553", "556"} or NO_SUCH_ADDRESS.search(text):
        return Refusal.HARD
    return Refusal.REJECTED
