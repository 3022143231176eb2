"""The one error family of backup and restore: what happened, what was kept, what to do."""


class BackupError(Exception):
    """The backup or the restore cannot go on; the text is for the person at the terminal."""
