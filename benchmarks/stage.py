"""The running product that is measured, with Django set up in this process against the same database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from crmgap_site.launcher.places import CHECKOUT
from crmgap_site.launcher.trial import Trial, running_product

FOLDER = CHECKOUT / "var" / "benchmarks"


@dataclass(frozen=True)
class Stage:
    """Where the product answers, and the process that leads each of its parts."""

    trial: Trial

    @property
    def base_url(self) -> str:
        """The address of the site; a number, so that no time goes into looking the name up."""
        return self.trial.base_url.replace("localhost", "127.0.0.1")

    def leader(self, name: str) -> int:
        """Return the first process of a part: postgres, valkey, web, worker, mail-sink."""
        return self.trial.leaders[name]


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Start the product and make its models usable in this process."""
    with running_product(FOLDER) as trial:
        os.environ.update(trial.env)
        os.environ["DJANGO_SETTINGS_MODULE"] = "crmgap_site.settings"
        import django

        django.setup()
        yield Stage(trial)
