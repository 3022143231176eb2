"""The address of the style sheet that carries a practice's colour."""

from django.urls import reverse

from practice.accent import DEFAULT, accent_of


def accent_url(chosen: str) -> str:
    """Return the address of the style sheet of a colour; "" for the built-in colour, which needs none."""
    if chosen.lower() == DEFAULT:
        return ""
    return reverse("practice:accent", kwargs={"colour": accent_of(chosen).chosen[1:]})
