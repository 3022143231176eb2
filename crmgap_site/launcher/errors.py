"""The one error family of the launcher: a single clear line for the person at the terminal."""


class LaunchError(Exception):
    """The start cannot go on; the text is the one line that says why and what mends it."""


class StopAskedError(Exception):
    """Ctrl-C or a termination signal arrived while something was being started."""
