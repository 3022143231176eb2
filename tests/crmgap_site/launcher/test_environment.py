"""Ports, keys and variables: what is set wins, what is wrong is refused in one line that names it."""

import re
import socket
import stat
from pathlib import Path

import pytest

from crmgap_site.launcher import environment
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import CHECKOUT, Places

BOTH = {"DATABASE_URL": "postgresql://a@h/d", "DATABASE_OWNER_URL": "postgresql://o@h/d"}


def test_busy_port_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert not environment.is_free(port)
        assert environment.choose_port(port) > port


def test_free_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert environment.choose_port(port) == port


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"DATABASE_URL": "mysql://h/d"}, "DATABASE_URL must be a URL that starts with postgres"),
        ({"DATABASE_URL": BOTH["DATABASE_URL"]}, "DATABASE_OWNER_URL"),
        ({"DATABASE_OWNER_URL": BOTH["DATABASE_OWNER_URL"]}, "without DATABASE_URL"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must be a URL"),
        ({"BASE_URL": "crmgap.example"}, "BASE_URL must be a URL"),
    ],
)
def test_wrong_value_is_refused_in_one_line(values: dict[str, str], message: str) -> None:
    with pytest.raises(LaunchError, match=message) as refusal:
        environment.check_values(values)
    assert "\n" not in str(refusal.value)


def test_right_and_empty_values_are_accepted() -> None:
    environment.check_values(BOTH | {"REDIS_URL": "unix:///run/v.sock", "BASE_URL": ""})


@pytest.mark.parametrize("text", ["0", "-1", "two", "65", "²"])
def test_count_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(LaunchError, match="WEB_THREADS"):
        environment.read_count({"WEB_THREADS": text}, "WEB_THREADS", 4, 64)


def test_env_file_fills_only_what_is_not_set(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# words\n\nA=1\nexport B='two words'\nC=\nD=\"x=y\"\n")
    environ = {"A": "0"}
    environment.read_env_file(file, environ)
    assert environ == {"A": "0", "B": "two words", "D": "x=y"}


def test_env_file_with_a_torn_line_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nnot a variable\n")
    with pytest.raises(LaunchError, match="line 2"):
        environment.read_env_file(file, {})


def test_keys_are_made_once_and_private(places: Places) -> None:
    first = environment.read_keys(places)
    assert environment.read_keys(places) == first
    assert len(first["SECRET_KEY"]) >= 50
    assert stat.S_IMODE(places.secrets.stat().st_mode) == 0o700
    for path in places.secrets.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_smtp_the_sink_receives_whatever_else_is_set(places: Places) -> None:
    env = environment.site_environment(places, {"SMTP_PORT": "25", "MAIL_NEXT_HOP": ""}, 8000)
    assert (env["SMTP_HOST"], env["MAIL_SINK_DIR"]) == ("127.0.0.1", str(places.mail))
    assert int(env["SMTP_PORT"]) >= environment.DEFAULT_SINK_PORT
    assert "MAIL_NEXT_HOP" not in env


def test_with_smtp_no_sink_is_set(places: Places) -> None:
    env = environment.site_environment(
        places, {"SMTP_HOST": "smtp.example", "BASE_URL": "https://c.example"}, 8000
    )
    assert "MAIL_SINK_DIR" not in env
    assert env["ALLOWED_HOSTS"].split(",")[-1] == "c.example"


def test_every_variable_stands_in_the_example_file() -> None:
    sources = [
        CHECKOUT / "crmgap_site" / "settings.py",
        *(CHECKOUT / "crmgap_site" / "launcher").glob("*.py"),
    ]
    read = re.compile(
        r"(?:read_(?:text|flag|number|list|database|count)\((?:\w+, )?|environ\.get\(|env\.get\()\"(\w+)\""
    )
    wanted = {name for source in sources for name in read.findall(source.read_text())} - {"PATH"}
    named = set(re.findall(r"^([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert len(wanted) > 15
    assert wanted - named == set()


def test_products_on_neighbouring_ports_look_for_mail_ports_apart() -> None:
    beside = environment.sink_port_beside
    assert beside(environment.DEFAULT_PORT) == environment.DEFAULT_SINK_PORT
    assert len({beside(port) for port in (8000, 8001, 8100, 19_350)}) == 4
    assert all(1024 < beside(port) < 65536 for port in (80, 443, 8000, 65535))
