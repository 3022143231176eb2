"""What the benchmarks ask is a valid instrument, so that a run measures the product and not its error page."""

from benchmarks.answering import short_instrument
from surveys.instruments import parse_instrument


def test_the_short_instrument_of_the_benchmark_is_valid() -> None:
    form = parse_instrument(short_instrument(), source="benchmark").form("customers-standard")
    assert len(form.slots) == 50
