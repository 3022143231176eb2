"""The site above the rooms; `__version__` is what a backup and the API say they come from."""

__version__ = "0.1.0"
