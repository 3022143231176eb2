"""Founding a practice."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from practice import services
from practice.forms import NewPracticeForm
from practice.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def practice_create(request: HttpRequest) -> HttpResponse:
    """Found a practice; whoever founds it becomes its owner."""
    form = NewPracticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        owner = services.create_practice(name=form.cleaned_data["name"], founder=request.user)
        return redirect("engagement_list", slug=owner.practice.slug)
    status = 422 if form.errors else 200
    return render(request, "practice/practice_form.html", {"form": form}, status=status)
