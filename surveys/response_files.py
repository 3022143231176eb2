"""Answers as rows in a file: CSV or XLSX."""

from collections.abc import Callable
from typing import Final

from django.http import Http404, HttpResponse

from practice.csv_file import csv_response
from practice.models import Member
from practice.xlsx_file import xlsx_response
from surveys.models import WaveAudience
from surveys.services.responses import ResponseRows, export_responses


def _csv(name: str, found: ResponseRows) -> HttpResponse:
    return csv_response(f"{name}.csv", found.header, found.rows)


def _xlsx(name: str, found: ResponseRows) -> HttpResponse:
    return xlsx_response(f"{name}.xlsx", name, found.header, found.rows)


FILE_TYPES: Final[dict[str, Callable[[str, ResponseRows], HttpResponse]]] = {"csv": _csv, "xlsx": _xlsx}


def response_file(audience: WaveAudience, file_type: str, *, actor: Member) -> HttpResponse:
    """Return the answers of an audience as a download; raises Http404 for another type, WrongStateError if withheld."""
    write = FILE_TYPES.get(file_type)
    if write is None:
        raise Http404
    return write(f"responses-{audience.audience.replace('_', '-')}", export_responses(audience, actor=actor))
