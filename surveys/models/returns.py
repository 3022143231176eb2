"""The ways by which news of mails come back for one sender identity, and the calls that were taken already."""

from django.db import models

from practice.models import PracticeForeignKey, PracticeModel, SenderIdentity


class ReturnChannel(PracticeModel):
    """How bounces of a sender identity reach us: a provider's signed calls, a mailbox, or both."""

    sender = PracticeForeignKey(SenderIdentity, on_delete=models.CASCADE, related_name="return_channels")
    webhook_secret = models.BinaryField(
        null=True, help_text="What a provider's calls are checked with, sealed under the master key."
    )
    mailbox = models.BinaryField(
        null=True, help_text="Address of the mailbox with its password, sealed under the master key."
    )
    mailbox_label = models.CharField(
        max_length=300, blank=True, help_text="User and server, without the password."
    )
    mailbox_read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender"], name="surveys_returnchannel_once")]

    def __str__(self) -> str:
        return str(self.sender)


class WebhookCall(PracticeModel):
    """A provider's call that was taken and is not taken again; rows go once calls of their age are refused."""

    channel = PracticeForeignKey(ReturnChannel, on_delete=models.CASCADE, related_name="calls")
    digest = models.BinaryField(max_length=32)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "digest"], name="surveys_webhookcall_once")]
        indexes = [models.Index(fields=["channel", "at"], name="surveys_webhookcall_age")]

    def __str__(self) -> str:
        return str(self.channel_id)
