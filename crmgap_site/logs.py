"""Structured logs: one JSON line per event, without link tokens, API tokens, addresses, passwords or typed text.

An exception is logged by its type and its frames; its message may quote what somebody typed and is left out.
"""

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Any

import structlog

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
QUERY = re.compile(r"(/[^\s?\"']*)\?[^\s\"']*")
SURVEY_PATH = re.compile(r"(/s/)(?!r/)[^/\s\"'?]+")
LONG_SEGMENT = re.compile(rf"/(?!{UUID}(?:[/\s\"']|$))[A-Za-z0-9_~:=%-]{{20,}}(?=[/\s\"']|$)")
BEARER = re.compile(r"(?i)\bbearer\s+[^\s\"']+|cap_live_[A-Za-z0-9_-]+")
LONE_TOKEN = re.compile(
    r"(?<![\w./-])(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[a-z])[A-Za-z0-9]{22}(?![\w-])"
)
URL_PASSWORD = re.compile(r"(://)[^/\s@\"']*@")
ADDRESS = re.compile(r"[^\s@<>\"'(),:;/][^\s@<>\"(),:;/]*@[\w-]+(?:\.[\w-]+)+")
CUTS = (
    (URL_PASSWORD, r"\1…@"),
    (QUERY, r"\1?…"),
    (SURVEY_PATH, r"\1…"),
    (LONG_SEGMENT, "/…"),
    (BEARER, "…token…"),
    (LONE_TOKEN, "…token…"),
    (ADDRESS, "…address…"),
)
LONGEST_TEXT = 4_000
CELERY_FORMAT = "Task %(name)s[%(id)s] %(description)s"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def cut_secrets(text: str) -> str:
    """Return a text without what opens something or names somebody."""
    text = text[:LONGEST_TEXT]
    for pattern, replacement in CUTS:
        text = pattern.sub(replacement, text)
    return text


def hide_secrets(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cut secrets from every text of a log event, also inside lists and dictionaries."""
    return {key: _hidden(value) for key, value in event.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return cut_secrets(value)
    if isinstance(value, dict):
        return {key: _hidden(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(part) for part in value]
    return value if isinstance(value, int | float | bool | None) else cut_secrets(str(value))


def name_exception(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace an exception by the names of its types, outermost first, and the frames of its traceback."""
    found = event.pop("exc_info", None)
    exc_info: ExcInfo | None = sys.exc_info() if found is True else found or None  # type: ignore[assignment]
    if exc_info is None or exc_info[1] is None:
        return event
    error: BaseException | None = exc_info[1]
    names: list[str] = []
    while error is not None and len(names) < 8:
        names.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or error.__context__
    frames = traceback.extract_tb(exc_info[2])
    event["exception"] = names
    event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-20:]]
    return event


def add_request_id(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Add the id of the request, which the answer's header and the audit record carry too."""
    audit = sys.modules.get("practice.audit")
    request_id = audit.request_id.get() if audit is not None and hasattr(audit, "request_id") else None
    if request_id:
        event["request_id"] = request_id
    return event


class WithoutTaskError(logging.Filter):
    """Takes the exception's message out of Celery's line about a failed task; type and frames stay."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record, keep it."""
        if isinstance(record.args, dict) and {"name", "id", "description"} <= record.args.keys():
            record.msg = CELERY_FORMAT
        return True


def configuration(*, level: str) -> dict[str, Any]:
    """Return the logging dictionary for Django and gunicorn; every record becomes one JSON line on stderr."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request_id,
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
        "filters": {"without_task_error": {"()": WithoutTaskError}},
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    name_exception,
                    hide_secrets,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "fontTools": {"level": "ERROR"},
            "celery.app.trace": {"filters": ["without_task_error"]},
            "gunicorn.error": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }
