"""What goes wrong in a self-test."""


class SelfTestError(Exception):
    """A step did not do what it should; the message says what came instead."""
