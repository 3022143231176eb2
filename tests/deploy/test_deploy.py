"""The files of deploy/ fit each other and the checkout: what the image copies starts, what compose names exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmgap_site.launcher.places import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
SECRET = re.compile(r"(?i)(password|secret|key|token)\w*=\S")


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word.upper(), rest.strip()) for word, _space, rest in (line.partition(" ") for line in lines)]


def copies() -> list[tuple[str, list[str], str]]:
    """Return (stage, sources, target) of every COPY."""
    found = []
    for word, rest in instructions():
        if word == "COPY":
            parts = rest.split()
            stage = parts[0].removeprefix("--from=") if parts[0].startswith("--from=") else ""
            sources = parts[1:-1] if stage else parts[:-1]
            found.append((stage, sources, parts[-1]))
    return found


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return the compose file with its anchors resolved."""
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return content


def env_names(path: Path) -> dict[str, str]:
    """Return the variables of an env file."""
    lines = [
        line.partition("=") for line in path.read_text().splitlines() if line and not line.startswith("#")
    ]
    return {name: value for name, _equals, value in lines}


def test_every_base_is_pinned_by_tag() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert bases
    assert all(re.fullmatch(r"python:3\.11-slim-[a-z]+", base) for base in bases)


def test_nothing_comes_from_the_network_but_pinned_parts() -> None:
    assert "ADD" not in {word for word, _rest in instructions()}
    runs = " ".join(rest for word, rest in instructions() if word == "RUN")
    assert "--require-hashes" in runs
    assert not re.search(r"\b(curl|wget|git)\b|https?://", runs)


def test_image_runs_as_a_user_without_rights() -> None:
    words = [word for word, _rest in instructions()]
    users = [rest for word, rest in instructions() if word == "USER"]
    assert users == ["crmgap"]
    assert words.index("USER") < words.index("CMD")
    assert "HEALTHCHECK" in words
    assert not any(SECRET.search(rest) for word, rest in instructions() if word in {"ENV", "ARG"})


def test_every_source_exists_and_reaches_the_builder() -> None:
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for stage, sources, _target in copies():
        for source in [] if stage else sources:
            assert (CHECKOUT / source).exists(), source
            assert f"!{source}" in ignored


def test_what_the_image_holds_is_enough_to_start(tmp_path: Path) -> None:
    for stage, sources, target in copies():
        for source in [] if stage or source_is_requirements(sources) else sources:
            place = tmp_path / ("" if target == "./" else target)
            if (CHECKOUT / source).is_dir():
                shutil.copytree(CHECKOUT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(CHECKOUT / source, tmp_path)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "DJANGO_SETTINGS_MODULE": "crmgap_site.settings",
        "STATIC_DIR": str(tmp_path / "static"),
        "VAR_DIR": str(tmp_path / "data"),
        "BASE_URL": "https://crmgap.example",
        "ALLOWED_HOSTS": "crmgap.example",
        "DEBUG": "0",
    }
    for argv in (
        ["manage.py", "collectstatic", "--noinput", "-v0"],
        ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        ["-c", "import crmgap_site.wsgi, crmgap_site.web_server"],
        [
            "-c",
            "from crmgap_site.celery import app; app.loader.import_default_modules(); print(sorted(app.tasks))",
        ],
    ):
        done = subprocess.run(
            [sys.executable, *argv], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "practice.tasks.sweep" in done.stdout
    assert (tmp_path / "static" / "staticfiles.json").exists()


def source_is_requirements(sources: list[str]) -> bool:
    return sources == ["requirements.txt"]


def test_compose_names_files_that_exist_and_commands_of_the_image(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for file in service.get("env_file", []):
            assert (DEPLOY / f"{file}.example").exists(), (name, file)
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        else:
            assert re.fullmatch(r"[a-z]+:[\w.-]*\d[\w.-]*", service["image"]), service["image"]
    assert (DEPLOY / "Caddyfile").exists()
    assert compose["services"]["web"]["deploy"]["replicas"] == 2
    assert "noeviction" in compose["services"]["redis"]["command"]
    assert "replicas" not in compose["services"]["beat"].get("deploy", {})


def test_only_the_migration_knows_owner_and_administrator(compose: dict[str, Any]) -> None:
    known = {name: service.get("env_file", []) for name, service in compose["services"].items()}
    assert [name for name, files in known.items() if "admin.env" in files] == ["migrate"]
    assert "DATABASE_OWNER_URL" not in env_names(DEPLOY / "site.env.example")
    assert known["caddy"] == []


def test_example_files_name_known_variables_and_hold_no_secret() -> None:
    known = env_names(CHECKOUT / ".env.example").keys() | {"POSTGRES_PASSWORD"}
    for path in DEPLOY.glob("*.env.example"):
        names = env_names(path)
        assert names.keys() <= known, path.name
        for name in ("SECRET_KEY", "MASTER_KEY", "SMTP_PASSWORD", "POSTGRES_PASSWORD"):
            assert not names.get(name)


def test_proxies_write_no_access_log_and_keep_metrics_inside() -> None:
    nginx, caddy = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
    assert "access_log off" in nginx
    assert "\tlog" not in caddy
    assert "/metrics" in nginx
    assert "/metrics" in caddy
    assert nginx.count("{") == nginx.count("}")
    assert caddy.count("{") == caddy.count("}")
