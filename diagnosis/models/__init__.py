"""Tables of the diagnosis room."""

from diagnosis.models.action import Action
from diagnosis.models.comment import Comment
from diagnosis.models.diagnosis import Diagnosis, Snapshot
from diagnosis.models.finding import Finding

__all__ = ["Action", "Comment", "Diagnosis", "Finding", "Snapshot"]
