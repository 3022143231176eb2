"""Open links: addresses that anybody may answer by, and the quotas that end them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.models import PracticeForeignKey, PracticeModel
from surveys.models.wave import WaveAudience


class OpenLink(PracticeModel):
    """An address on a poster, a letter or a kiosk. Nobody's answer refers to it: a visit is a sealed draft, no row of
    the roster; only how many visits were finished is counted here."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="open_links")
    name = models.CharField(_("name"), max_length=80)
    digest = models.BinaryField(max_length=32, unique=True)
    generation = models.PositiveSmallIntegerField(default=0, help_text="Raised to replace the address.")
    is_off = models.BooleanField(default=False)
    attributes = models.JSONField(
        default=dict, help_text="What is kept with every answer, such as the branch."
    )
    is_kiosk = models.BooleanField(default=False)
    idle_seconds = models.PositiveSmallIntegerField(default=90)
    access_code = models.BinaryField(
        null=True, help_text="Sealed under the master key; empty: no code is asked."
    )
    n_finished = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.name


class Quota(PracticeModel):
    """How many answers by open links are enough: of all, or of those that carry one value of an attribute."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="quotas")
    attribute = models.CharField(max_length=100, blank=True, help_text="Empty: all answers.")
    value = models.CharField(max_length=200, blank=True)
    most = models.PositiveIntegerField(_("enough at"))

    class Meta:
        ordering = ["attribute", "value"]
        constraints = [
            models.UniqueConstraint(fields=["wave_audience", "attribute", "value"], name="surveys_quota_once")
        ]

    def __str__(self) -> str:
        return f"{self.attribute} {self.value}".strip() or "all"
