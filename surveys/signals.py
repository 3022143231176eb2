"""Messages of the surveys room to the rooms above it."""

from django.dispatch import Signal

wave_closed = Signal()
"""Sent once per wave, inside the transaction that releases its last audience; `sender` is Wave, `wave` the row."""

answers_deleted = Signal()
"""Sent inside the transaction that ends the deletion of a wave's answers; `sender` is Wave, `wave` the row."""
