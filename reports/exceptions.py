"""Errors of the reports room."""

from practice.exceptions import CrmgapError


class RenderError(CrmgapError):
    """The renderer complained, ran out of time or memory, or asked for something that is no asset."""

    code = "render_failed"
    status = 500
