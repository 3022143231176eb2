"""Pages of API lists."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import pagination
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from practice.api.errors import InvalidQueryError

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PageNumberPagination(pagination.PageNumberPagination):
    """`?page=2&page_size=50`, at most 200 rows; a page or size that cannot be is 400."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: "APIView | None" = None
    ) -> list[Any] | None:
        """Return the rows of the page asked for; raises InvalidQueryError."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except NotFound as error:
            text = _("There is no such page.")
            raise InvalidQueryError(text, fields={"page": text}) from error

    def get_page_size(self, request: Request) -> int | None:
        """Return the number of rows a page has, cut to the most there may be; raises InvalidQueryError."""
        given = request.query_params.get(self.page_size_query_param or "", "")
        if given and not (given.isdecimal() and given.strip("0")):
            text = _("The size of a page is a whole number from 1 to %(most)d.") % {
                "most": self.max_page_size
            }
            raise InvalidQueryError(text, fields={"page_size": text})
        if len(given) > 9:
            return self.max_page_size
        return super().get_page_size(request)
