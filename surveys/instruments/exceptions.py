"""The one error of the instruments room: it lists every problem of an instrument, each with its path."""

from collections.abc import Sequence


class InstrumentError(ValueError):
    """An instrument that cannot be used; `problems` holds one text per problem, beginning with its path."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'' if len(self.problems) == 1 else 's'}"
        super().__init__("\n".join([f"{source}: {count}", *(f"- {problem}" for problem in self.problems)]))
