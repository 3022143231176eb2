"""Settings of gunicorn, the same for `./start` and the image: `gunicorn -c python:crmgap_site.web_server`.

The access log is off, because paths hold survey tokens; errors go through the site's own log formatter.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.http import message

from crmgap_site import logs

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
if os.environ.get("METRICS_TOKEN") and not os.environ.get(MULTIPROCESS):
    # Each web process counts in files of its own in here and /metrics adds them up; named before Django is imported.
    os.environ[MULTIPROCESS] = tempfile.mkdtemp(prefix="crmgap-metrics-")

LONGEST_REQUEST_LINE = 32 * 1024
# gunicorn caps its setting at 8,190 bytes or takes away every limit. A longer survey link must reach the page that says
# "this link is not valid", and an endless line must not fill the memory: the cap itself is raised.
message.MAX_REQUEST_LINE = LONGEST_REQUEST_LINE + 1

wsgi_app = "crmgap_site.wsgi:application"
bind = os.environ.get("WEB_BIND", "127.0.0.1:8000").split(",")
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 120
graceful_timeout = 10
keepalive = 5
max_requests = 50_000
max_requests_jitter = 5_000
limit_request_line = LONGEST_REQUEST_LINE
limit_request_fields = 60
control_socket_disable = True
accesslog = None
loglevel = "warning"
logconfig_dict = logs.configuration(level=os.environ.get("LOG_LEVEL") or "INFO")
if Path("/dev/shm").is_dir():  # noqa: S108 - heartbeat files must not wait for a disk
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def child_exit(_server: Any, worker: Any) -> None:
    """Keep the counts of a web process that has ended, forget its gauges."""
    if os.environ.get(MULTIPROCESS):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Remove the counts of this run."""
    if os.environ.get(MULTIPROCESS):
        shutil.rmtree(os.environ[MULTIPROCESS], ignore_errors=True)
