"""A real HTTP server that speaks as much of three mail providers' APIs as sending and searching needs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Api:
    """What was sent, what the search knows, and the answers a test writes down."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.searches: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.known: set[str] = set()
        self.status = 200
        self.cuts = False
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    api: Api

    def log_message(self, *_arguments: Any) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.api.sent.append((self.path, dict(self.headers.items()), self._fields(body)))
        if self.api.cuts:
            self.connection.close()
            return
        if self.api.status != 200:
            self._answer({"message": "no", "code": "x", "ErrorCode": 10, "Message": "no"}, self.api.status)
        elif self.path.startswith("/mailgun"):
            self._answer({"id": "<1@mailgun>", "message": "Queued. Thank you."})
        elif self.path.startswith("/postmark"):
            to = self.api.sent[-1][2]["To"]
            self._answer({"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": to})
        else:
            self._answer({"messageId": "<1@brevo>"}, 201)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.api.searches.append((parts.path, query, dict(self.headers.items())))
        wanted = {
            query.get("message-id", ""),
            query.get("metadata_mail", ""),
            query.get("tags", "").strip('["]'),
        }
        rows = [{}] if wanted & self.api.known else []
        self._answer({"items": rows, "Messages": rows, "events": rows}, self.api.status)

    def _fields(self, body: bytes) -> dict[str, Any]:
        kind = self.headers["Content-Type"]
        if kind.startswith("application/json"):
            found: dict[str, Any] = json.loads(body)
            return found
        if kind.startswith("multipart/"):
            mail = message_from_bytes(
                b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=policy.HTTP
            )
            return {
                str(part.get_param("name", header="content-disposition")): part.get_content()
                for part in mail.iter_parts()
            }
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}

    def _answer(self, content: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider_api(settings: Any) -> Iterator[Api]:
    """Run the API and point the installation's provider addresses at it."""
    api = Api()
    handler = type("Handler", (_Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    kinds = ("mailgun", "mailgun-eu", "postmark", "brevo")
    settings.MAIL_PROVIDER_URLS = {kind: f"{api.url}/{kind}/" for kind in kinds}
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
