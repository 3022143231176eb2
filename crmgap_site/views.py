"""Pages above the rooms: health, the way in, and the four error pages."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from practice import lookups


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database and broker answer, else 503 with the part that does not."""
    parts = {"database": True, "broker": True}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001  whatever is wrong, the answer is "not healthy"
        parts["database"] = False
    try:
        cache.get("healthz")
    except Exception:  # noqa: BLE001  same
        parts["broker"] = False
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def home(request: HttpRequest) -> HttpResponse:
    """Lead a signed-in person to the practice, or to the choice among several."""
    if not request.user.is_authenticated:
        return redirect(settings.LOGIN_URL)
    mine = lookups.practices_of_user(request.user.pk)
    if len(mine) == 1:
        return redirect("engagement_list", slug=mine[0].slug)
    return render(request, "portal/practices.html", {"practices": mine})


def _error(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, f"{status}.html", status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 400."""
    return _error(request, 400)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 403: yours, but your role may not."""
    return _error(request, 403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 404, the same for missing and foreign objects."""
    return _error(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without details."""
    return render(request, "500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose protection ran out: nothing was changed, one more click repeats it."""
    return render(request, "403_csrf.html", status=403)
