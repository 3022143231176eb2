"""Expected errors of the diagnosis room."""

from practice.exceptions import CrmgapError


class DiagnosisError(CrmgapError):
    """A diagnosis cannot be computed from what is there."""

    code = "diagnosis_failed"
    status = 409


class NothingReleasedError(DiagnosisError):
    """No audience of the wave has answers that may be used yet."""

    code = "nothing_released"


class AnswersDeletedError(NothingReleasedError):
    """The answers of the wave were deleted when the time was over for which they were to be kept."""

    code = "answers_deleted"
