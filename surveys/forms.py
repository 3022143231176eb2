"""Forms of the surveys room."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from practice.addresses import MAX_ADDRESS
from surveys.answers_file import Options
from surveys.enums import AUDIENCE_NAMES
from surveys.instruments import Component, Instrument, Scale
from surveys.mail.texts import MAX_BODY, MAX_SUBJECT
from surveys.models import MailPace
from surveys.people_check import MAX_ATTRIBUTE, MAX_NAME
from surveys.people_file import MAX_BYTES
from surveys.plan import at_local
from surveys.services.suppressions import MAX_REASON

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
LAST_DAY = date.max - timedelta(days=2)  # the day after it exists in every time zone


class UploadForm(forms.Form):
    """A CSV or XLSX file with people."""

    file = forms.FileField(
        label=_("CSV or XLSX file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv,text/plain"}),
    )

    def clean_file(self) -> object:
        """Refuse files over the limit before they are read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB. Split it into several lists."))
        return file


class AnswersForm(forms.Form):
    """A file of answers collected elsewhere, and the audience that gave them."""

    audience = forms.ChoiceField(label=_("Who answered?"))
    file = forms.FileField(
        label=_("CSV or XLSX file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv,text/plain"}),
    )

    def __init__(self, *args: Any, audiences: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = audiences  # type: ignore[attr-defined]  # a ChoiceField

    def clean_file(self) -> object:
        """Refuse files over the limit before they are read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB. Split it into several files."))
        return file


class OptionsForm(forms.Form):
    """How a file writes answers: codes for no answer and for "cannot judge", and the ends of every scale it uses."""

    missing = forms.CharField(label=_("Codes for no answer"), required=False, max_length=300)
    cannot_judge = forms.CharField(label=_("Codes for “cannot judge”"), required=False, max_length=300)

    def __init__(self, *args: Any, scales: list[Scale], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.scales = scales
        for scale in scales:
            names = {"scale": name_of_scale(scale)}
            for end, label in (
                ("low", _("Lowest answer in the file (%(scale)s)") % names),
                ("high", _("Highest answer in the file (%(scale)s)") % names),
            ):
                self.fields[f"{end}-{scale.code}"] = forms.IntegerField(
                    label=label, min_value=-30_000, max_value=30_000
                )

    def options(self) -> Options:
        """Return what was filled in."""
        data = self.cleaned_data
        return Options(
            missing=_codes(data["missing"]),
            cannot_judge=_codes(data["cannot_judge"]),
            scales={
                scale.code: (data[f"low-{scale.code}"], data[f"high-{scale.code}"]) for scale in self.scales
            },
        )


def name_of_scale(scale: Scale) -> str:
    """Return a scale as people know it: by the words at its ends."""
    if scale.low_label and scale.high_label:
        return f"{scale.low_label} – {scale.high_label}"
    return scale.unit or scale.code


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code for part in text.replace(";", ",").split(",") if (code := part.strip()))


class FormsForm(forms.Form):
    """The form of each audience, and the optional parts of the questionnaire."""

    def __init__(
        self,
        *args: Any,
        instrument: Instrument,
        parts: Sequence[Component],
        audiences: Iterable[str],
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.audiences = list(audiences)
        for code in self.audiences:
            self.fields[f"form_{code}"] = forms.ChoiceField(
                label=AUDIENCE_NAMES.get(code, code),
                choices=[
                    (form.code, _("%(form)s, about %(n)s minutes") % {"form": form.title, "n": form.minutes})
                    for form in instrument.forms_for(code)
                ],
            )
        if parts:
            self.fields["components"] = forms.MultipleChoiceField(
                label=_("Further parts"),
                choices=[(part.code, f"{part.name}: {part.description}") for part in parts],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def chosen(self) -> dict[str, str]:
        """Return the form of each audience."""
        return {code: self.cleaned_data[f"form_{code}"] for code in self.audiences}


class PlanForm(forms.Form):
    """Start, reminders, closing and the hours in which mails may leave; days count from the start."""

    starts_on = forms.DateField(
        label=_("First mails on"), required=False, widget=_DATE, help_text=_("Empty: with the launch.")
    )
    starts_at = forms.TimeField(label=_("at"), required=False, widget=_TIME)
    first_reminder = forms.IntegerField(
        label=_("First reminder after days"), min_value=1, max_value=119, required=False
    )
    second_reminder = forms.IntegerField(
        label=_("Second reminder after days"), min_value=1, max_value=119, required=False
    )
    final_day = forms.IntegerField(
        label=_("Final reminder after days"), min_value=1, max_value=119, required=False
    )
    reminder_time = forms.TimeField(
        label=_("Reminders at"), required=False, widget=_TIME, help_text=_("Empty: at the time of the start.")
    )
    close_days = forms.IntegerField(label=_("Close after days"), min_value=1, max_value=120)
    close_time = forms.TimeField(label=_("Close at"), required=False, widget=_TIME)
    window_from = forms.TimeField(
        label=_("Mails leave from"), required=False, widget=_TIME, help_text=_("Empty: at any hour.")
    )
    window_until = forms.TimeField(label=_("until"), required=False, widget=_TIME)
    window_weekends = forms.BooleanField(label=_("On weekends too"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for both ends of a window, and for a time with a day."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for one, other in (
            ("window_from", "window_until"),
            ("window_until", "window_from"),
            ("starts_at", "starts_on"),
        ):
            if data.get(one) and not data.get(other) and other not in self.errors:
                self.add_error(other, _("Fill in this one too, or none of both."))
        return data

    def plan(self) -> dict[str, Any]:
        """Return what was filled in as `update_plan` takes it."""
        data = self.cleaned_data
        window = None
        if data["window_from"]:
            window = {
                "from": data["window_from"].isoformat("minutes"),
                "until": data["window_until"].isoformat("minutes"),
                "weekends": data["window_weekends"],
            }
        starts = None
        if data["starts_on"]:
            starts = datetime.combine(data["starts_on"], data["starts_at"] or time(8, 30))
        return {
            "reminder_days": [day for day in (data["first_reminder"], data["second_reminder"]) if day],
            "final_day": data["final_day"],
            "close_days": data["close_days"],
            "starts": starts,
            "reminder_time": data["reminder_time"],
            "close_time": data["close_time"],
            "window": window,
        }


def plan_initial(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a plan form from what the plan says."""
    days = [*values["reminder_days"], None, None]
    starts = datetime.fromisoformat(values["starts"]) if values.get("starts") else None
    window = values.get("window") or {}
    return {
        "starts_on": starts.date() if starts else None,
        "starts_at": starts.time() if starts else None,
        "first_reminder": days[0],
        "second_reminder": days[1],
        "final_day": values.get("final_day") or days[2],
        "reminder_time": values.get("reminder_time"),
        "close_days": values["close_days"],
        "close_time": values.get("close_time"),
        "window_from": window.get("from"),
        "window_until": window.get("until"),
        "window_weekends": window.get("weekends", False),
    }


class MailTextForm(forms.Form):
    """Subject and text of one mail; placeholders stand in braces."""

    subject = forms.CharField(label=_("Subject"), max_length=MAX_SUBJECT)
    body = forms.CharField(
        label=_("Text"), max_length=MAX_BODY, widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("A blank line begins a new paragraph. A link in a paragraph of its own becomes a button."),
    )  # fmt: skip

    def __init__(self, *args: Any, language: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["lang"] = language


class MoveForm(forms.Form):
    """Another time for a round of mails, in the client's time zone."""

    day = forms.DateField(widget=_DATE, validators=[MaxValueValidator(LAST_DAY)])
    clock = forms.TimeField(widget=_TIME)

    def moment(self, zone: ZoneInfo) -> datetime:
        """Return the chosen moment."""
        return at_local(self.cleaned_data["day"], self.cleaned_data["clock"], zone)


class PaceForm(forms.ModelForm[MailPace]):
    """How fast mails of the practice leave."""

    class Meta:
        model = MailPace
        fields = ["per_minute", "per_hour", "per_day", "warm_up_from"]
        widgets = {"warm_up_from": _DATE}
        labels = {
            "per_minute": _("Mails per minute, at most"),
            "per_hour": _("Mails per hour, at most"),
            "per_day": _("Mails per day, at most"),
            "warm_up_from": _("Warm up a new sender from"),
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("per_minute", "per_hour", "per_day"):
            self.fields[name].min_value = 1  # type: ignore[attr-defined]  # integer fields
            self.fields[name].validators.append(MinValueValidator(1))


class ExtendForm(forms.Form):
    """A new closing date; the audience closes at the end of that day."""

    closes_on = forms.DateField(validators=[MaxValueValidator(LAST_DAY)])

    def closes_at(self, zone: ZoneInfo) -> datetime:
        """Return the last minute of the chosen day there, which every page then names."""
        return at_local(self.cleaned_data["closes_on"], time(23, 59), zone)


class PersonForm(forms.Form):
    """One person of a client; address and attributes only where they may still change."""

    name = forms.CharField(label=_("Name"), max_length=MAX_NAME, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=MAX_ADDRESS)
    language = forms.CharField(
        label=_("Language"),
        max_length=10,
        help_text=_("A code such as en or de-at, for mails and survey pages."),
    )

    def __init__(self, *args: Any, names: Sequence[str] | None, with_email: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.names = names
        if not with_email:
            del self.fields["email"]
        for name in names or ():
            self.fields[f"attribute:{name}"] = forms.CharField(
                label=name, max_length=MAX_ATTRIBUTE, required=False
            )

    def values(self) -> dict[str, Any]:
        """Return what was filled in, attributes together; None for what may not change."""
        data = self.cleaned_data
        attributes = None if self.names is None else {name: data[f"attribute:{name}"] for name in self.names}
        return {
            "name": data["name"],
            "email": data.get("email"),
            "language": data["language"],
            "attributes": attributes,
        }


class ReturnKeyForm(forms.Form):
    """The key with which a provider signs its calls, where it has one of its own."""

    key = forms.CharField(
        label=_("Signing key"),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("From the provider's page about webhooks. It is sealed and not shown again."),
    )

    def __init__(self, data: Any = None, *, needs_key: bool):
        super().__init__(data)
        if not needs_key:
            del self.fields["key"]


class ReturnMailboxForm(forms.Form):
    """The mailbox to which undeliverable mail of a sender returns."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("imaps", "IMAP"), ("pop3s", "POP3")])
    host = forms.CharField(label=_("Server"), max_length=253)
    username = forms.CharField(label=_("User name"), max_length=200)
    password = forms.CharField(
        label=_("Password"), max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )

    def url(self) -> str:
        """Return the mailbox as one address."""
        given = self.cleaned_data
        user, password = (quote(given[name], safe="") for name in ("username", "password"))
        return f"{given['kind']}://{user}:{password}@{given['host'].strip()}"


class AddressForm(forms.Form):
    """The address to which a bounced invitation is sent again."""

    email = forms.CharField(label=_("E-mail address"), max_length=300)


class SuppressionForm(forms.Form):
    """An address that is not to be mailed, and why."""

    email = forms.CharField(
        label=_("E-mail address"),
        max_length=MAX_ADDRESS,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=MAX_REASON, help_text=_("For example: asked by phone.")
    )


class ReasonForm(forms.Form):
    """Why a person is not to be asked any more, or may be asked again."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_REASON,
        help_text=_("Kept in the audit record. For example: asked by phone."),
    )


class OpenLinkForm(forms.Form):
    """An address that anybody may answer by."""

    audience = forms.ChoiceField(label=_("Who answers?"))
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("For you, for example: poster in the branch North.")
    )
    attribute = forms.CharField(
        label=_("Keep with its answers"),
        max_length=MAX_ATTRIBUTE,
        required=False,
        help_text=_("To compare groups, for example: branch. Fixed at the launch."),
    )
    value = forms.CharField(
        label=_("Value"), max_length=MAX_ATTRIBUTE, required=False, help_text=_("For example: North.")
    )
    access_code = forms.CharField(
        label=_("Access code"),
        max_length=40,
        required=False,
        help_text=_("Asked before the first page; it stands on the print sheet. Empty: none is asked."),
    )
    is_kiosk = forms.BooleanField(
        label=_("Kiosk: many people answer on this one device"),
        required=False,
        help_text=_("Goes back to the first page after each person, and when nobody touches it."),
    )
    idle_seconds = forms.IntegerField(
        label=_("Back to the first page after seconds without a touch"),
        min_value=30,
        max_value=600,
        initial=90,
    )
    accepts_staff = forms.BooleanField(
        label=_(
            "For staff: I accept that anybody with the address can answer, also outsiders and more than once"
        ),
        required=False,
    )

    def __init__(self, *args: Any, audiences: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = audiences  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """Take what is kept with answers as a pair, or not at all."""
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("attribute")) != bool(data.get("value")):
            self.add_error("value", _("Give both, what is kept and its value, or neither."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what was filled in, but for the audience."""
        data = dict(self.cleaned_data)
        del data["audience"]
        attribute, value = data.pop("attribute"), data.pop("value")
        return data | {"attributes": {attribute: value} if attribute else {}}


class QuotaForm(forms.Form):
    """How many answers by open links are enough."""

    group = forms.ChoiceField(label=_("Of whom?"))
    most = forms.IntegerField(label=_("Enough at"), min_value=5, max_value=1_000_000)

    def __init__(self, *args: Any, groups: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = groups  # type: ignore[attr-defined]  # a ChoiceField
