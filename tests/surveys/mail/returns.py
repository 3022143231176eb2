"""Reports about real mails of a test: the samples with the mail's own signed name filled in."""

from pathlib import Path

from surveys.mail.return_path import name_of
from surveys.models import Delivery

FOLDER = Path(__file__).with_name("samples")


def report_on(delivery: Delivery, sample: str) -> bytes:
    """Return a sample as it would come back for this mail."""
    return forged(sample, name_of(delivery))


def forged(sample: str, name: str) -> bytes:
    """Return a sample with any text in place of the signed name."""
    return (FOLDER / f"{sample}.eml").read_bytes().replace(b"NAME", name.encode())
