"""Version of the rules that turn figures into words, patterns, findings and actions; stored with each result."""

from typing import Final

RULES_VERSION: Final = "1.1"
