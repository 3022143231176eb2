"""A caller of the API with a bearer token: JSON in, JSON out, every unexpected answer an error with its reason."""

import http.client
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Final, TypeVar

from crmgap_site.selftest.errors import SelfTestError

TIMEOUT_SECONDS: Final = 60
WAIT_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.4
FoundT = TypeVar("FoundT")


class Api:
    """Calls below /api/v1/ with one token."""

    def __init__(self, base_url: str, token: str) -> None:
        self._root, self._token = f"{base_url.rstrip('/')}/api/v1/", token
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> Any:
        """Return the JSON of a resource."""
        return json.loads(self.get_file(path)[1])

    def get_file(self, path: str) -> tuple[str, bytes]:
        """Return media type and content of a resource."""
        return self._call("GET", path, None, "")

    def get_all(self, path: str) -> list[Any]:
        """Return all rows of a list, page by page; a plain JSON list is returned as it is."""
        rows: list[Any] = []
        number = 1
        while True:
            answer = self.get(f"{path}{'&' if '?' in path else '?'}page={number}&page_size=200")
            if isinstance(answer, list):
                return answer
            rows += answer["results"]
            if not answer.get("next"):
                return rows
            number += 1

    def post(self, path: str, data: Any = None) -> Any:
        """Send JSON and return what the site made of it."""
        body = json.dumps({} if data is None else data).encode()
        content = self._call("POST", path, body, "application/json")[1]
        return json.loads(content) if content else None

    def patch(self, path: str, data: Any) -> Any:
        """Change a resource with JSON and return it."""
        return json.loads(self._call("PATCH", path, json.dumps(data).encode(), "application/json")[1])

    def upload(self, path: str, name: str, filename: str, content: bytes) -> Any:
        """Send one CSV file as the field `name` of a multipart form."""
        boundary = f"----{secrets.token_hex(12)}"
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
        parts = [f"--{boundary}\r\n{head}\r\nContent-Type: text/csv\r\n\r\n".encode(), content]
        body = b"".join([*parts, f"\r\n--{boundary}--\r\n".encode()])
        return json.loads(self._call("POST", path, body, f"multipart/form-data; boundary={boundary}")[1])

    def _call(self, method: str, path: str, body: bytes | None, content_type: str) -> tuple[str, bytes]:
        request = urllib.request.Request(self._root + path, data=body, method=method)  # noqa: S310 - own site
        request.add_header("Authorization", f"Bearer {self._token}")
        if content_type:
            request.add_header("Content-Type", content_type)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            raise SelfTestError(f"{method} {path} answered {error.code}: {text[:400]}") from error
        except (OSError, http.client.HTTPException) as error:
            raise SelfTestError(f"{method} {path}: the site does not answer: {error}") from error


def wait_for(what: str, probe: Callable[[], FoundT | None], seconds: float = WAIT_SECONDS) -> FoundT:
    """Return the probe's first answer that is not None; raises SelfTestError after `seconds`."""
    began = time.monotonic()
    while True:
        found = probe()
        if found is not None:
            return found
        if time.monotonic() - began > seconds:
            raise SelfTestError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)
