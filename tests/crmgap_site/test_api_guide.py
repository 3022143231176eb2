"""The API guide: its first program runs as it stands, and every address it names is one of the reference."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from practice import services
from practice.scope import practice_scope
from practice.token_scopes import SCOPES
from surveys.models import Delivery
from tests.factories.practice import found_practice

GUIDE = Path(settings.BASE_DIR) / "docs" / "api.md"
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
CALL = re.compile(r"""(?:call\(\s*"(?P<method>[A-Z]+)",\s*|finished\()f?"(?P<path>[^"]+)\"""")


@pytest.mark.django_db(transaction=True)
def test_the_first_program_runs_as_it_stands(live_server: Any, tmp_path: Path) -> None:
    owner = found_practice("Guides")
    with practice_scope(owner.practice):
        _token, secret = services.create_api_token(member=owner, name="guide", actor=owner)
    program = tmp_path / "guide.py"
    program.write_text(PROGRAM.findall(GUIDE.read_text())[0])
    environment = os.environ | {"BASE_URL": live_server.url, "TOKEN": secret}
    done = subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "26 invitations leave now\n"
    with practice_scope(owner.practice):
        assert Delivery.objects.filter(round="invitation").count() == 26


def test_every_address_of_the_guide_is_in_the_reference() -> None:
    reference = yaml.safe_load((Path(settings.BASE_DIR) / "docs" / "openapi.yaml").read_text())
    known = {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/api/v1/")))
        for path, operations in reference["paths"].items()
        for method in operations
    }
    named = [
        (found["method"] or "GET", re.sub(r"\{[^}]*\}", "{}", found["path"]))
        for program in PROGRAM.findall(GUIDE.read_text())
        for found in CALL.finditer(program)
    ]
    assert len(named) >= 14
    assert [call for call in named if call not in known] == []


def test_the_guide_names_every_scope() -> None:
    text = GUIDE.read_text()
    assert [scope for scope in SCOPES if f"`{scope}`" not in text] == []
