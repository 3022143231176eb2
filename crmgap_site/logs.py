"""Structured logs without tokens or answers: one JSON line per event, secret paths cut before the token."""

import logging
import re
from typing import Any

import structlog

TOKEN_PATH = re.compile(r"(/s/(?!r/)|/join/)[^/\s\"?]+")
BEARER = re.compile(r"cap_live_[A-Za-z0-9_]+")


def hide_secrets(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace survey tokens, invitation tokens and API tokens in every text value of a log event."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = BEARER.sub("cap_live_…", TOKEN_PATH.sub(r"\1…", value))
    return event


def configuration(*, level: str) -> dict[str, Any]:
    """Return the logging dictionary for Django; all records pass through `hide_secrets`."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    hide_secrets,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {"django.server": {"level": "WARNING"}, "fontTools": {"level": "ERROR"}},
    }
