"""What an answer is written in: JSON whatever was asked for, or the file's own type where an endpoint sends a file."""

from collections.abc import Sequence

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JsonUnlessFile(DefaultContentNegotiation):
    """A browser that asks for HTML gets JSON: there is no other shape."""

    def select_renderer(  # type: ignore[override]  # the stubs know no sequence
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of the accepted media type, or the first one."""
        try:
            found: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
            return found
        except NotAcceptable:
            return renderers[0], renderers[0].media_type or ""
