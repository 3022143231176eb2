"""Expected errors of the diagnosis room."""

from practice.exceptions import CrmgapError


class DiagnosisError(CrmgapError):
    """A diagnosis cannot be computed from what is there."""

    code = "diagnosis_failed"
    status = 409


class NothingReleasedError(DiagnosisError):
    """No audience of the wave has answers that may be used yet."""

    code = "nothing_released"
