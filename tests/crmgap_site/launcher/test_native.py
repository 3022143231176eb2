"""A missing part of the system is installed by root or named in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crmgap_site.launcher import native
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.native import Part

ABSENT = (Part("libabsent0", "absent", lambda: False), Part("fonts-absent", "font-absent", lambda: False))


def test_parts_of_the_pdfs_are_on_this_machine() -> None:
    assert native.missing_parts(native.RUN_PARTS) == []


def test_unknown_library_and_font_are_missing() -> None:
    assert not native.has_library("no-such-library", "0")
    assert not native.has_font("No Such Family")
    assert not native.has_program("no-such-program")


def test_missing_parts_are_named_in_one_line() -> None:
    line = native.mending_line(ABSENT)
    assert "\n" not in line
    assert ("absent" if sys.platform == "darwin" else "libabsent0 fonts-absent") in line


def test_normal_user_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LaunchError, match="Missing on this machine"):
        native.ensure(ABSENT, tmp_path / "apt.log")


def test_browser_and_servers_are_needed_by_their_tests_only() -> None:
    everything = set(native.test_parts(with_browser=True, with_servers=True))
    neither = set(native.test_parts(with_browser=False, with_servers=False))
    assert set(native.BROWSER_PARTS) | set(native.SERVER_PARTS) == everything - neither


def test_no_service_starts_while_packages_are_installed(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with native.no_service_starts(policy):
        assert subprocess.run([policy], check=False).returncode == 101
    assert not policy.exists()
    policy.write_text("#!/bin/sh\nexit 0\n")
    with native.no_service_starts(policy):
        assert "exit 0" in policy.read_text()
    assert policy.exists()
