"""One Chromium for all browser tests, and the running product for tests that go the whole way."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from crmgap_site.launcher.places import CHECKOUT
from crmgap_site.launcher.trial import Trial, running_product

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture(scope="session")
def product() -> Iterator[Trial]:
    """Return the product running on servers of its own, workers and mail server included."""
    with running_product(CHECKOUT / "var" / "walk") as trial:
        yield trial
