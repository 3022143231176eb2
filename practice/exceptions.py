"""The family of errors that carry a machine code and a sentence for people; pages and API each have one handler."""

from collections.abc import Mapping


class CrmgapError(Exception):
    """Base of all expected errors: `code` for programs, `message` for people, `fields` names what is wrong."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None):
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})
        if code is not None:
            self.code = code


class InvalidInputError(CrmgapError):
    """The input is wrong; `fields` says where."""

    code = "invalid_input"
    status = 422


class NotAllowedError(CrmgapError):
    """The object is yours, but your role may not do this."""

    code = "not_allowed"
    status = 403


class WrongStateError(CrmgapError):
    """The object is in a state that forbids this step."""

    code = "wrong_state"
    status = 409


class ScopeError(RuntimeError):
    """A tenant row was touched without a practice scope, or from the scope of another practice."""
