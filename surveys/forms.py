"""Forms of the surveys room."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from surveys.people_file import MAX_BYTES

LAST_DAY = date.max - timedelta(days=2)  # the day after it exists in every time zone


class UploadForm(forms.Form):
    """A CSV file with people."""

    file = forms.FileField(
        label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"})
    )

    def clean_file(self) -> object:
        """Refuse files over the limit before they are read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB. Split it into several lists."))
        return file


class PlanForm(forms.Form):
    """Reminders and closing, in days from the launch."""

    first_reminder = forms.IntegerField(
        label=_("First reminder after days"), min_value=1, max_value=119, required=False
    )
    second_reminder = forms.IntegerField(
        label=_("Second reminder after days"), min_value=1, max_value=119, required=False
    )
    close_days = forms.IntegerField(label=_("Close after days"), min_value=1, max_value=120)

    def reminder_days(self) -> list[int]:
        """Return the reminders that were filled in."""
        found = (self.cleaned_data["first_reminder"], self.cleaned_data["second_reminder"])
        return [day for day in found if day]


class ExtendForm(forms.Form):
    """A new closing date; the audience closes at the end of that day."""

    closes_on = forms.DateField(validators=[MaxValueValidator(LAST_DAY)])

    def closes_at(self) -> datetime:
        """Return the last minute of the chosen day, which every page then names."""
        day: date = self.cleaned_data["closes_on"]
        return timezone.make_aware(datetime.combine(day, time(23, 59)))
