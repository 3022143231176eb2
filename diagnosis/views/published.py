"""From a published table: printed means, SDs and numbers in, the gap table with its consistency check out; not kept."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from diagnosis.published_figures import published_context
from diagnosis.published_table import MOST_PERSONS, read_published_table
from diagnosis.views.sources import engagement_context
from practice.exceptions import InvalidInputError
from practice.permissions import require_permission
from practice.requests import PracticeRequest

MOST_TEXT = 100_000
MOST_BYTES = 1_000_000


class PublishedTableForm(forms.Form):
    """The table as text or file, and what it does not say itself."""

    text = forms.CharField(
        label=gettext_lazy("The table as text"),
        help_text=gettext_lazy(
            "One line per row, the first with the names of the columns; commas, semicolons or tabs."
        ),
        max_length=MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file (CSV, XLSX)"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    n = forms.IntegerField(
        label=gettext_lazy("Persons, where the table has no column for them"),
        min_value=2,
        max_value=MOST_PERSONS,
        required=False,
    )
    low = forms.FloatField(label=gettext_lazy("Scale from"), required=False)
    high = forms.FloatField(label=gettext_lazy("Scale to"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for one table, and for both ends of the scale or none."""
        data = super().clean() or {}
        file = data.get("file")
        if not data.get("text") and not file and not self.errors:
            self.add_error("text", _("Paste a table or choose a file."))
        if file and file.size > MOST_BYTES:
            self.add_error("file", _("The file is larger than 1 MB. Take the part you need."))
        low, high = data.get("low"), data.get("high")
        if (low is None) != (high is None):
            self.add_error("high" if high is None else "low", _("Give both ends of the scale, or none."))
        elif low is not None and high is not None and not low < high:
            self.add_error("high", _("The upper end must lie above the lower one."))
        return data

    def content(self) -> bytes:
        """Return the table: the file where one was chosen, else the text."""
        file = self.cleaned_data["file"]
        return bytes(file.read()) if file else str(self.cleaned_data["text"]).encode()

    def scale(self) -> tuple[float, float] | None:
        """Return the ends of the scale, or None."""
        low, high = self.cleaned_data["low"], self.cleaned_data["high"]
        return None if low is None or high is None else (low, high)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("diagnosis.read")
def published_table(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the form, and after it was sent the gap table; nothing is stored."""
    context = engagement_context(request, engagement_id, "diagnosis")
    form = (
        PublishedTableForm(request.POST, request.FILES) if request.method == "POST" else PublishedTableForm()
    )
    context |= {"form": form, "table": None}
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                table = read_published_table(form.content(), n=form.cleaned_data["n"])
            except InvalidInputError as error:
                form.add_error("file" if form.cleaned_data["file"] else "text", error.message)
            else:
                context |= {"table": table} | published_context(table, scale=form.scale())
                status = 200
    return render(request, "diagnosis/published_table.html", context, status=status)
