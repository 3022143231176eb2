"""All routes of the site, walked from the URLconf itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One route: its qualified name, its parameters, and the pattern it stands on."""

    name: str
    parameters: tuple[str, ...]
    pattern: str


def walk(patterns: list[URLPattern | URLResolver], namespaces: tuple[str, ...] = (), prefix: str = "",
         parameters: tuple[str, ...] = ()) -> Iterator[Route]:  # fmt: skip
    """Yield every route below the patterns."""
    for entry in patterns:
        here = parameters + tuple(entry.pattern.converters)
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            deeper = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from walk(entry.url_patterns, deeper, pattern, here)
        else:
            yield Route(":".join((*namespaces, entry.name or "")), here, pattern)


ROUTES = sorted(walk(get_resolver().url_patterns), key=lambda route: route.pattern)
