"""Forms of the diagnosis room: the consultant's summary, and actions of the plan."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnosis.enums import ActionState, Level
from diagnosis.exclusion import MAX_REASON
from diagnosis.models import Action
from diagnosis.rules.library import load_library

MAX_SUMMARY = 6000


def _date_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class SummaryForm(forms.Form):
    """The consultant's own summary of a diagnosis."""

    text = forms.CharField(
        label=_("Summary"),
        help_text=_(
            "In your own words; it opens the diagnosis document. Plain text, blank lines part paragraphs."
        ),
        max_length=MAX_SUMMARY,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )


class RulesForm(forms.Form):
    """Which rules leave answers out, and why they are chosen so."""

    rules = forms.MultipleChoiceField(
        label=_("Leave out whoever"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label=_("Why"),
        help_text=_("Stands in the audit log."),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, rules: Mapping[str, Any], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["rules"].choices = list(rules.items())  # type: ignore[attr-defined]  # declared above


class RolloutForm(forms.ModelForm[Action]):
    """Where an action is rolled out, chosen as one thing; the field is there where groups of customers are known."""

    rollout = forms.ChoiceField(
        label=_("Rolled out at first"),
        required=False,
        help_text=_(
            "Choose a group only if the others get the action after the next wave: then both are compared, which"
            " takes out what changed everywhere."
        ),
    )

    def __init__(self, *args: Any, groups: Sequence[tuple[str, str]] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not groups:
            del self.fields["rollout"]
            return
        chosen = self.instance.rollout_attribute, self.instance.rollout_value
        self.initial["rollout"] = _place_key(*chosen) if all(chosen) else ""
        field = self.fields["rollout"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = [
            ("", _("everywhere")),
            *((_place_key(*group), f"{group[0]}: {group[1]}") for group in groups),
        ]

    def clean(self) -> dict[str, Any]:
        """Give the choice as the two fields of the action."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "rollout" in cleaned:
            chosen = json.loads(cleaned.pop("rollout") or '["", ""]')
            cleaned["rollout_attribute"], cleaned["rollout_value"] = chosen
        return cleaned


def _place_key(attribute: str, value: str) -> str:
    return json.dumps([attribute, value])


class ActionForm(RolloutForm):
    """What is done, by whom, until when, how it is proved, and what the gap should come to."""

    class Meta:
        model = Action
        fields = ["title", "owner", "starts_on", "due_on", "measure", "target", "effort", "impact", "state"]
        widgets = {
            "title": forms.Textarea(attrs={"rows": 2}),
            "measure": forms.Textarea(attrs={"rows": 2}),
            "starts_on": _date_input(),
            "due_on": _date_input(),
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("effort", "impact"):
            self.fields[name] = forms.TypedChoiceField(
                label=self.fields[name].label, choices=Level.choices, coerce=int
            )
        self.fields["state"] = forms.ChoiceField(label=_("State"), choices=ActionState.choices)


class NewActionForm(RolloutForm):
    """An action of the consultant's own, or one from the library, for one gap."""

    entry = forms.ChoiceField(label=_("From the library"), required=False)
    title = forms.CharField(
        label=_("Action"),
        help_text=_("May stay empty when you take one from the library."),
        max_length=240,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    gap = forms.ChoiceField(label=_("Gap it should close"))
    dimension = forms.ChoiceField(label=_("On"), required=False)

    class Meta:
        model = Action
        fields = ["entry", "title", "gap", "dimension", "owner", "starts_on", "due_on", "target"]
        widgets = {"starts_on": _date_input(), "due_on": _date_input()}

    def __init__(self, *args: Any, gaps: Mapping[str, str], dimensions: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices: dict[str, Any] = {
            "gap": [("", "—"), *((code, f"{code} {name}") for code, name in gaps.items())],
            "dimension": [
                ("", _("all dimensions together")),
                *((code, f"{code} {name}") for code, name in dimensions.items()),
            ],
            "entry": [
                ("", _("none: an action of my own")),
                *((entry.id, f"{entry.id} {entry.action}") for entry in load_library() if entry.gap in gaps),
            ],
        }
        for name, values in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
            field.choices = values
