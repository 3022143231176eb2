"""The list above the practices of addresses that nobody here mails."""

from django.db import models


class BarredAddress(models.Model):
    """A keyed hash of an address, written and read by surveys/barred.py alone; the app role cannot list it."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.created_at)
