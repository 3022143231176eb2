"""Comments of the newest diagnosis: what people wrote, and which of it documents and the client see."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from diagnosis import services
from diagnosis.comments import Voice, comments_for, get_comment_for, voices
from diagnosis.enums import CommentChoice
from diagnosis.models import Comment
from diagnosis.views.sources import Source, engagement_context, latest_source
from practice.exceptions import InvalidInputError
from practice.models import Member
from practice.pages import page_of
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from surveys.disclosure import MIN_COMMENTS

ON_CARD = 3
SHOWN = frozenset(CommentChoice.values)


@require_safe
@require_permission("diagnosis.read")
def comments(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the comments, all or those of one question, found by a word or by what was chosen."""
    context: dict[str, Any] = engagement_context(request, engagement_id, "diagnosis")
    source = latest_source(request, context["engagement"])
    said = voices_of(request.member, source) if source else []
    key = request.GET.get("of", "")
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ""
    word = request.GET.get("q", "").replace("\x00", "").strip()
    rows = [
        {"comment": comment, "voice": voice, "choose_url": _choose_url(request, slug, engagement_id, comment)}
        for voice in said
        if key in {"", _key(voice)}
        for comment in voice.comments
        if show in {"", comment.choice} and word.lower() in comment.text.lower()
    ]
    context |= {
        "diagnosis": source.diagnosis if source else None,
        "questions": [
            {"key": _key(voice), "voice": voice, "is_chosen": key == _key(voice)} for voice in said
        ],
        "n": sum(voice.n for voice in said),
        "show": show,
        "q": word,
        "of": key,
        "page": page_of(request, rows),
        "minimum": MIN_COMMENTS,
    }
    return render(request, "diagnosis/comments.html", context)


@require_POST
@require_permission("diagnosis.edit")
def comment_choose(
    request: PracticeRequest, slug: str, engagement_id: UUID, comment_id: UUID
) -> HttpResponse:
    """Pick a comment, hide it, or put it back."""
    comment = get_comment_for(request.member, comment_id)
    if comment.diagnosis.engagement_id != engagement_id:
        raise Http404
    try:
        services.choose_comment(comment, choice=request.POST.get("choice", ""), actor=request.member)
    except InvalidInputError as error:
        messages.error(request, " ".join([error.message, *map(str, error.fields.values())]))
    path = reverse("diagnosis:comments", kwargs={"slug": slug, "engagement_id": engagement_id})
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{path}{query}#comment-{comment.pk}")


def voices_of(member: Member, source: Source) -> list[Voice]:
    """Return what the member may read of a diagnosis' comments."""
    return voices(source.diagnosis, list(comments_for(member, source.diagnosis)), source.instrument)


def card_context(member: Member, source: Source) -> dict[str, Any]:
    """Return the card of the diagnosis page: a few comments of each question, picked ones first."""
    said = voices_of(member, source)
    return {
        "voices": [
            {"voice": voice, "shown": voice.picked_first(ON_CARD).comments[:ON_CARD]} for voice in said
        ],
        "n_comments": sum(voice.n for voice in said),
        "min_comments": MIN_COMMENTS,
    }


def _key(voice: Voice) -> str:
    return f"{voice.audience}.{voice.question}"


def _choose_url(request: PracticeRequest, slug: str, engagement_id: UUID, comment: Comment) -> str:
    kwargs = {"slug": slug, "engagement_id": engagement_id, "comment_id": comment.pk}
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return reverse("diagnosis:comment_choose", kwargs=kwargs) + query
