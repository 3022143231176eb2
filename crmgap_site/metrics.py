"""Prometheus metrics of one machine's web processes and of the whole database: totals by route, state and kind only.

No label holds a practice, a person, an address or a token. Pages of respondents count as one route, and the mixer's
backlog is renewed once an hour, so that no series tells when somebody answered.
"""

import os
import time
from collections.abc import Callable, Iterator
from hmac import compare_digest

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from practice import lookups
from surveys import lookups as survey_lookups

GetResponse = Callable[[HttpRequest], HttpResponse]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
RESPONDENT, UNKNOWN_ROUTE = "respondent", "none"
MIXER_KEY, MIXER_SECONDS = "metrics-mixer", 3600
REQUESTS = Counter("crmgap_requests", "Answered requests.", ["route", "method", "status"])
SECONDS = Histogram(
    "crmgap_request_seconds",
    "Seconds from the first middleware to the finished answer.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class MetricsMiddleware:
    """Counts and times every request by the name of its route."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        route = route_name(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(route, method, str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - began)
        return response


def route_name(request: HttpRequest) -> str:
    """Return the name of the route that answered; all pages of respondents share one."""
    match = request.resolver_match
    if match is None or not match.view_name:
        return UNKNOWN_ROUTE
    return RESPONDENT if match.view_name.startswith(f"{RESPONDENT}:") else match.view_name


class DatabaseCollector(Collector):
    """Reads the totals of the database when it is asked, so every web process says the same."""

    def collect(self) -> Iterator[Metric]:
        """Yield the totals; without a database only that it is down."""
        is_up = GaugeMetricFamily("crmgap_database_up", "1 when the totals could be read.")
        try:
            found = [*job_metrics(), *delivery_metrics(), *mixer_metrics()]
        except DatabaseError:
            is_up.add_metric([], 0)
            yield is_up
            return
        is_up.add_metric([], 1)
        yield is_up
        yield from found


def job_metrics() -> list[Metric]:
    """Return jobs by kind and state, and per kind the age of the oldest that waits for a worker."""
    counts = GaugeMetricFamily("crmgap_jobs", "Jobs by kind and state.", labels=["kind", "state"])
    ages = GaugeMetricFamily(
        "crmgap_job_oldest_due_seconds", "Age of the oldest job that waits for a worker.", labels=["kind"]
    )
    oldest: dict[str, float] = {}
    for total in lookups.job_totals(timezone.now()):
        counts.add_metric([total.kind, total.state], total.n)
        oldest[total.kind] = max(oldest.get(total.kind, 0.0), total.oldest_due or 0.0)
    for kind, age in oldest.items():
        ages.add_metric([kind], age)
    return [counts, ages]


def delivery_metrics() -> list[Metric]:
    """Return mails by state and the age of the oldest that is due."""
    counts = GaugeMetricFamily("crmgap_deliveries", "Mails by state.", labels=["state"])
    age = GaugeMetricFamily("crmgap_delivery_oldest_due_seconds", "Age of the oldest mail that is due.")
    oldest = 0.0
    for state, n, due in survey_lookups.delivery_totals(timezone.now()):
        counts.add_metric([state], n)
        oldest = max(oldest, due or 0.0)
    age.add_metric([], oldest)
    return [counts, age]


def mixer_metrics() -> list[Metric]:
    """Return what waits for the mixer, as it was within the last hour; nothing while the cache is down."""
    try:
        found: tuple[int, int] | None = cache.get(MIXER_KEY)
        if found is None:
            found = survey_lookups.mixer_totals(timezone.now())
            cache.set(MIXER_KEY, found, MIXER_SECONDS)
    except (RedisError, OSError):
        return []
    answers = GaugeMetricFamily("crmgap_mixer_waiting", "Finished answers that wait to be mixed, hourly.")
    answers.add_metric([], found[0])
    audiences = GaugeMetricFamily(
        "crmgap_mixer_overdue_audiences", "Audiences that are not released an hour after closing, hourly."
    )
    audiences.add_metric([], found[1])
    return [answers, audiences]


def may_read(request: HttpRequest) -> bool:
    """Tell whether the request carries the token of METRICS_TOKEN."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return (
        bool(wanted)
        and scheme.lower() == "bearer"
        and compare_digest(secret.strip().encode(), wanted.encode())
    )


@never_cache
@transaction.non_atomic_requests
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format; without the token, or when metrics are off, there is no such page."""
    if not may_read(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    parts = [generate_latest(registry)]
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        processes = CollectorRegistry()
        MultiProcessCollector(processes)  # type: ignore[no-untyped-call]
        parts.append(generate_latest(processes))
    else:
        parts.append(generate_latest(REGISTRY))
    return HttpResponse(b"".join(parts), content_type=CONTENT_TYPE_LATEST)
