"""`python -m crmgap_site.healthcheck` exits with 0 when the web server of this container or machine is healthy."""

import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

SECONDS = 5


def is_healthy(url: str, host: str) -> bool:
    """Tell whether /healthz answers 200; `host` is the name that the site answers to."""
    request = urllib.request.Request(url, headers={"Host": host})  # noqa: S310 - always http to ourselves
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, ValueError, urllib.error.HTTPError):
        return False


def main() -> int:
    """Ask the first address of WEB_BIND as the host of BASE_URL."""
    address = os.environ.get("WEB_BIND", "127.0.0.1:8000").split(",")[0].replace("0.0.0.0", "127.0.0.1")  # noqa: S104
    host = urlsplit(os.environ.get("BASE_URL") or "http://localhost").netloc
    return 0 if is_healthy(f"http://{address}/healthz", host) else 1


if __name__ == "__main__":
    sys.exit(main())
