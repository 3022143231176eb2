"""Filters and order of API lists: only what a list names is understood, everything else in the address is refused."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from practice.api.errors import InvalidQueryError, flat
from practice.enums import JobState

if TYPE_CHECKING:
    from rest_framework.views import APIView

PAGE_PARAMETERS = frozenset({"page", "page_size"})
ORDERING = "ordering"


class NamedFilters(filters.DjangoFilterBackend):  # type: ignore[misc]  # ships no types
    """The filters of the view's `filterset_class`; an unknown parameter is an error instead of a longer list."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        """Return the rows the address asks for; raises InvalidQueryError."""
        chosen = getattr(view, "filterset_class", None)
        known = PAGE_PARAMETERS | set(chosen.base_filters if chosen else ())
        known |= {ORDERING} if getattr(view, "ordering_fields", ()) else set()
        if unknown := sorted(set(request.query_params) - known):
            text = _("Unknown here. Known: %(names)s.") % {"names": ", ".join(sorted(known))}
            raise InvalidQueryError(
                _("This list has no such filter."), fields={name[:80]: text for name in unknown[:20]}
            )
        if chosen is None:
            return queryset
        filterset = chosen(request.query_params, queryset=queryset, request=request)
        if not filterset.is_valid():
            raise InvalidQueryError(_("A filter is wrong."), fields=flat(dict(filterset.errors)))
        return filterset.qs  # type: ignore[no-any-return]


class NamedOrder(BaseFilterBackend):
    """`?ordering=-created_at`: one field of the view's `ordering_fields`, with a minus to turn it round."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        """Return the rows in the order asked for; raises InvalidQueryError."""
        allowed = getattr(view, "ordering_fields", ())
        wanted = request.query_params.get(ORDERING)
        if wanted is None or not allowed:
            return queryset
        if wanted.removeprefix("-") not in allowed:
            text = _("Choose one of %(names)s.") % {"names": ", ".join(allowed)}
            raise InvalidQueryError(_("This list has no such order."), fields={ORDERING: text})
        return queryset.order_by(wanted, "pk")

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        """Return how the OpenAPI document names the order."""
        allowed = [code for name in getattr(view, "ordering_fields", ()) for code in (name, f"-{name}")]
        parameter = {
            "name": ORDERING,
            "in": "query",
            "required": False,
            "description": "Field to order by; with a minus from the last to the first.",
            "schema": {"type": "string", "enum": allowed},
        }
        return [parameter] if allowed else []


def text_filter(**kwargs: Any) -> Any:
    """Return a filter by a piece of text, at most 200 characters."""
    return filters.CharFilter(lookup_expr="icontains", max_length=200, **kwargs)


class ClientFilter(filters.FilterSet):  # type: ignore[misc]
    """Clients by a piece of their name or sector."""

    name = text_filter()
    sector = text_filter()


class EngagementFilter(filters.FilterSet):  # type: ignore[misc]
    """Engagements by client or a piece of their name."""

    client_organisation = filters.UUIDFilter(field_name="client_organisation_id")
    name = text_filter()


class JobFilter(filters.FilterSet):  # type: ignore[misc]
    """Jobs by state, kind or the object they work on."""

    state = filters.ChoiceFilter(choices=JobState.choices)
    kind = filters.CharFilter(max_length=40)
    object_id = filters.UUIDFilter()
