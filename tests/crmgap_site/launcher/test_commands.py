"""The two shell commands refuse a machine without a fitting Python in one line, and install only what changed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from crmgap_site.launcher.checks import Check, pytest_arguments, read_options, run_side_by_side
from crmgap_site.launcher.places import CHECKOUT

OLD_PYTHON = "#!/bin/sh\nexit 1\n"
BARE_PYTHON = """#!/bin/sh
case "$2" in
*version_info*) exit 0 ;;
*) exit 1 ;;
esac
"""
MADE_PYTHON = """#!/bin/sh
echo "$*" >> "$(dirname "$0")/calls"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with the start command and a PATH of its own in `bin`."""
    shutil.copy(CHECKOUT / "start", tmp_path)
    shutil.copytree(CHECKOUT / "crmgap_site" / "launcher", tmp_path / "crmgap_site" / "launcher")
    (tmp_path / "requirements.txt").write_text("one==1\n")
    for name in ("sh", "dirname", "cmp", "cp", "rm"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def put_program(path: Path, text: str) -> None:
    """Write an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def start(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the start command with the PATH of the checkout."""
    return subprocess.run(
        [str(checkout / "start"), *arguments],
        env={"PATH": str(checkout / "bin"), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_machine_without_a_new_enough_python_is_told_so(checkout: Path) -> None:
    put_program(checkout / "bin" / "python3", OLD_PYTHON)
    done = start(checkout)
    assert done.returncode == 1
    assert done.stderr.startswith("CRMGap needs Python 3.11 to 3.14.")
    assert done.stderr.count("\n") == 1


def test_python_without_its_venv_part_is_told_so(checkout: Path) -> None:
    put_program(checkout / "bin" / "python3", BARE_PYTHON)
    done = start(checkout)
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert done.stderr.count("\n") == 1


def test_pins_are_installed_once_and_again_when_they_change(checkout: Path) -> None:
    put_program(checkout / ".venv" / "bin" / "python", MADE_PYTHON)
    calls = checkout / ".venv" / "bin" / "calls"
    for _ in range(2):
        assert start(checkout, "--port", "8001").returncode == 0
    assert calls.read_text().count("pip install") == 1
    assert calls.read_text().count("-m crmgap_site.launcher --port 8001") == 2
    (checkout / "requirements.txt").write_text("one==2\n")
    start(checkout)
    assert calls.read_text().count("pip install") == 2
    assert "--require-hashes --only-binary :all:" in calls.read_text()


def test_pytest_leaves_out_what_was_not_asked_for() -> None:
    options, given = read_options(["--no-browser", "tests/charts", "-x"])
    assert pytest_arguments(options, given)[-4:] == ["-m", "not long and not browser", "tests/charts", "-x"]
    options, given = read_options(["--no-servers", "--long"])
    assert pytest_arguments(options, given)[-2:] == ["-m", "not servers"]
    options, given = read_options(["--long"])
    assert "-m" not in pytest_arguments(options, given)[3:]


def test_checks_side_by_side_all_run_and_the_failed_ones_are_named(capfd: pytest.CaptureFixture[str]) -> None:
    lanes = [
        [Check("bad", ["sh", "-c", "echo why; exit 3"], {}), Check("after it", ["true"], {})],
        [Check("beside", ["true"], {}), Check("bad too", ["false"], {})],
    ]
    assert run_side_by_side(lanes) == ["bad", "bad too"]
    shown = capfd.readouterr().out
    assert "ok      after it" in shown
    assert "ok      beside" in shown
    assert "FAILED  bad" in shown
    assert "why\n" in shown
