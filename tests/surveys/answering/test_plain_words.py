"""Words for respondents read plainly: short sentences, short words, no term of the trade."""

import re
from html import unescape

import pytest

from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import Launched, launch

pytestmark = pytest.mark.django_db

MOST_WORDS = 26
MEAN_WORDS = 14.0
LEAST_EASE = 60.0
"""Flesch reading ease: 60 and more is plain English (13 to 15 years of age)."""
JARGON = re.compile(
    r"\b(anonymi[sz]ed?|pseudonym\w*|encrypt\w*|hash\w*|token|ledger|spool|dataset|consent|pursuant|respondents?"
    r"|aggregat\w*|threshold|utili[sz]e|CRM)\b",
    re.IGNORECASE,
)


def sentences_of(html: str) -> list[str]:
    """The sentences of a page's main part."""
    main = re.sub(
        r"<(svg|script|style)\b.*?</\1>", " ", html[html.index("<main") : html.index("</main>")], flags=re.S
    )
    blocks = re.sub(r"</(p|dt|dd|h1|h2|button|li|legend|label)>", ". ", main)
    text = unescape(re.sub(r"<[^>]+>", " ", blocks))
    parts = re.split(r"(?<=[.!?:;])\s+", re.sub(r"\s+", " ", text))
    return [part for part in (part.strip(" .:;") for part in parts) if len(part.split()) > 2]


def syllables(word: str) -> int:
    """Vowel groups of a word, a silent e at its end left out."""
    found = len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^l])e$", "", word.lower())))
    return max(found, 1)


def ease(sentences: list[str]) -> float:
    """Flesch (1948): 206.835 - 1.015 words per sentence - 84.6 syllables per word."""
    words = [word for sentence in sentences for word in re.findall(r"[A-Za-z’']+", sentence)]
    per_word = sum(syllables(word) for word in words) / len(words)
    return 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * per_word


def pages(asked: Launched) -> dict[str, str]:
    """Every page that a person of the audience may read beside the form itself."""
    token = asked.tokens[0]
    found = {
        "landing": Browser().open(f"/s/{token}/").html,
        "data before": Browser().open(f"/s/{token}/data/").html,
    }
    found["thanks"] = answer_all(Browser().start(token)).html
    found["data after"] = Browser().open(f"/s/{token}/data/").html
    found["done"] = Browser().open(f"/s/{token}/").html
    for state in ("paused", "scheduled", "closed"):
        asked.change(state=state)
        found[state] = Browser().open(f"/s/{asked.tokens[1]}/").html
    found["unknown"] = Browser().open("/s/unknown/").html
    return found


@pytest.mark.parametrize("mode", ["confidential", "named"])
def test_pages_read_plainly(mode: str) -> None:
    asked = launch(8, audience="managers", mode=mode, attributes=lambda _n: {"team": "A"}, kept=("team",))
    wrong = []
    for name, html in pages(asked).items():
        sentences = sentences_of(html)
        lengths = [len(sentence.split()) for sentence in sentences]
        wrong += [f"{name}: {sentence}" for sentence in sentences if len(sentence.split()) > MOST_WORDS]
        wrong += [f"{name}: {word[0]}" for word in JARGON.finditer(" ".join(sentences))]
        if sum(lengths) / len(lengths) > MEAN_WORDS:
            wrong.append(f"{name}: {sum(lengths) / len(lengths):.1f} words per sentence")
        if (found := ease(sentences)) < LEAST_EASE:
            wrong.append(f"{name}: reading ease {found:.0f}")
    assert not wrong, "\n".join(wrong)
