"""Forms of the practice room."""

import zoneinfo
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice.audit_words import OBJECTS, VERBS, choices_of
from practice.enums import Role
from practice.models import ClientOrganisation, Engagement, Member, Practice, SenderIdentity, User
from practice.selectors import clients_for
from practice.services import TOKEN_DAYS
from practice.token_scopes import READ_ENGAGEMENTS, READ_FIELD, READ_RESULTS, SCOPES

FOOTER_LINES = 5
MOST_MONTHS = 120


class ClientForm(forms.ModelForm[ClientOrganisation]):
    """Name, sector, colour, language, time zone and contact of a client organisation."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        required=False,
        help_text=_("Of findings, actions and documents, and of people whose own is not known."),
    )

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(name, name) for name in sorted(zoneinfo.available_timezones())],
        initial="UTC",
        required=False,
        widget=forms.Select(attrs={"translate": "no"}),
        help_text=_("Surveys of this client are planned in it, such as Europe/Vienna."),
    )

    def clean_time_zone(self) -> str:
        """Keep the zone that is saved where none was chosen."""
        return self.cleaned_data["time_zone"] or self.instance.time_zone

    class Meta:
        model = ClientOrganisation
        fields = ["name", "sector", "colour", "language", "time_zone", "contact_name", "contact_email"]
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}

    def clean_language(self) -> str:
        """Keep the language there is when none is sent."""
        return self.cleaned_data["language"] or self.instance.language


class EngagementForm(forms.ModelForm[Engagement]):
    """Client, name and question of an engagement."""

    client_organisation = forms.ModelChoiceField(
        queryset=ClientOrganisation.objects.none(),
        label=_("Client organisation"),
        empty_label=_("Choose a client"),
    )
    sender = forms.ModelChoiceField(
        queryset=SenderIdentity.objects.none(),
        required=False,
        label=_("Sender of its mails"),
        empty_label=_("The default of the practice"),
        help_text=_("For waves launched from now on."),
    )

    class Meta:
        model = Engagement
        fields = ["client_organisation", "name", "question", "sender"]
        widgets = {"question": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, member: Member, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["client_organisation"].queryset = clients_for(member)  # type: ignore[attr-defined]
        senders = SenderIdentity.objects.all()
        if not self.instance._state.adding and senders.exists():
            self.fields["sender"].queryset = senders  # type: ignore[attr-defined]
        else:
            del self.fields["sender"]


class PracticeForm(forms.ModelForm[Practice]):
    """Name, retention and second factor of a practice."""

    retention_months = forms.IntegerField(
        label=_("keep answers for months"),
        min_value=1,
        max_value=MOST_MONTHS,
        help_text=_(
            "Counted from the end of a wave. Then its answers, people and mails are deleted by themselves; figures"
            " and documents stay. A change counts for waves launched from now on: others keep what people were told."
        ),
    )

    class Meta:
        model = Practice
        fields = ["name", "requires_second_factor", "retention_months"]


class AccentForm(forms.ModelForm[Practice]):
    """The one colour of a practice."""

    class Meta:
        model = Practice
        fields = ["accent_colour"]
        widgets = {"accent_colour": forms.TextInput(attrs={"type": "color"})}


class LogoForm(forms.Form):
    """A picture to use as logo; what is in the file is checked by `practice.logo_image`."""

    logo = forms.FileField(
        label=_("Picture"),
        allow_empty_file=True,
        help_text=_("PNG, JPEG or WebP, at most 2 MB and 4,000 pixels on each side."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )


class MailIdentityForm(forms.ModelForm[Practice]):
    """Whose name mails carry, where replies go, and the address at their end."""

    class Meta:
        model = Practice
        fields = ["sender_name", "reply_to", "mail_footer", "mails_per_week"]
        widgets = {"mail_footer": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["mails_per_week"].required = False

    def clean_mails_per_week(self) -> int:
        """Keep the number when the field is left empty."""
        return int(self.cleaned_data["mails_per_week"] or self.instance.mails_per_week)

    def clean_sender_name(self) -> str:
        """Refuse characters that would break a mail header."""
        name: str = self.cleaned_data["sender_name"]
        if any(ord(character) < 32 for character in name):
            raise forms.ValidationError(_("Write the name on one line."))
        return name

    def clean_mail_footer(self) -> str:
        """Keep up to five lines of plain text."""
        lines = [line.strip() for line in self.cleaned_data["mail_footer"].splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > FOOTER_LINES:
            raise forms.ValidationError(_("Write at most %(n)d lines.") % {"n": FOOTER_LINES})
        if any(ord(character) < 32 for line in lines for character in line):
            raise forms.ValidationError(
                _("A character here cannot be printed. Please type the address anew.")
            )
        return "\n".join(lines)


class NewPracticeForm(forms.Form):
    """The name of a practice to found."""

    name = forms.CharField(label=_("Name of your practice"), max_length=120)


class InvitationForm(forms.Form):
    """E-mail, role and, for client viewers, the client organisation of a person to invite."""

    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.CONSULTANT)
    client_organisation = forms.ModelChoiceField(
        queryset=ClientOrganisation.objects.none(),
        required=False,
        label=_("Client organisation (viewers only)"),
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["client_organisation"].queryset = clients_for(member)  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    """Name and password of an invited person who has no account yet."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 10 characters. A sentence is easy to remember and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """Compare the two passwords and ask the validators."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ. Please type both again."))
        elif first:
            try:
                validate_password(first, User(email=self.email, name=cleaned.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return cleaned


class MemberUpdateForm(forms.Form):
    """Role and activity of a member."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[choice for choice in Role.choices if choice[0] != "client_viewer"]
    )
    is_active = forms.BooleanField(label=_("May sign in to this practice"), required=False)


class TokenForm(forms.Form):
    """What a new API token is for, what it may do, and how long it lives."""

    name = forms.CharField(label=_("What is the token for?"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        choices=list(SCOPES.items()),
        initial=[READ_ENGAGEMENTS, READ_FIELD, READ_RESULTS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.TypedChoiceField(
        label=_("It ends after"),
        coerce=int,
        initial=TOKEN_DAYS,
        choices=[(7, _("a week")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
    )


class AuditFilterForm(forms.Form):
    """Which entries of the audit record to show."""

    actor = forms.ChoiceField(label=_("Who"), required=False)
    verb = forms.ChoiceField(label=_("Did"), required=False)
    kind = forms.ChoiceField(label=_("Object"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, members: Iterable[Member], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs["class"] = "field"
        people = [(f"member:{member.pk}", str(member.user)) for member in members]
        others = [("token", _("API tokens")), ("system", _("CRMGap itself"))]
        self._offer("actor", _("Everybody"), [*people, *others])
        self._offer("verb", _("Everything"), choices_of(VERBS))
        self._offer("kind", _("All kinds"), choices_of(OBJECTS))

    def _offer(self, name: str, nothing: str | Promise, choices: list[Any]) -> None:
        self.fields[name].choices = [("", nothing), *choices]  # type: ignore[attr-defined]  # choice fields

    def clean_since(self) -> date | None:
        """Refuse days outside the calendar of the database."""
        return self._day("since")

    def clean_until(self) -> date | None:
        """Refuse days outside the calendar of the database, and one before the first day."""
        until, since = self._day("until"), self.cleaned_data.get("since")
        if until and since and until < since:
            raise forms.ValidationError(_("This day is before the first one."))
        return until

    def _day(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day and not 2000 <= day.year <= 2999:
            raise forms.ValidationError(_("Choose a day between 2000 and 2999."))
        return day
