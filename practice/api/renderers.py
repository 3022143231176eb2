"""Endpoints that send a file: clients may ask for its media type; errors stay problem details in JSON."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer

from practice.xlsx_file import XLSX


class FileRenderer(BaseRenderer):
    """Accepts the media type of a file; the view sends the file itself, this only ever renders errors."""

    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return an error as JSON."""
        return json.dumps(data, default=str).encode()


class CsvRenderer(FileRenderer):
    """For clients that ask for CSV."""

    media_type = "text/csv"
    format = "csv"


class XlsxRenderer(FileRenderer):
    """For clients that ask for XLSX."""

    media_type = XLSX
    format = "xlsx"
