"""The one error of this package: input that cannot be what the caller meant."""


class StatisticsError(ValueError):
    """The input is malformed (wrong shape, infinite, outside its limits); more data would not help."""
