"""The web process starts light: the application and every page import neither scipy nor scikit-learn."""

import os
import subprocess
import sys

HEAVY = ("scipy", "sklearn")
LOAD = """
import importlib, sys
from crmgap_site.wsgi import application
from django.conf import settings
from django.urls import get_resolver
importlib.import_module(settings.ROOT_URLCONF)
assert get_resolver().url_patterns
print(sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_the_web_process_imports_neither_scipy_nor_scikit_learn() -> None:
    found = subprocess.run(
        [sys.executable, "-c", LOAD], env=os.environ, capture_output=True, text=True, check=True
    )
    assert "django" in found.stdout
    assert not [name for name in HEAVY if f"'{name}'" in found.stdout]
