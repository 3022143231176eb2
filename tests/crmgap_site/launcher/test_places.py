"""Sockets get a path the kernel accepts, in a folder that belongs to the server account alone."""

import os
import stat
from pathlib import Path

import pytest

from crmgap_site.launcher.accounts import Account, server_account
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import (
    LONGEST_SOCKET,
    SOCKET_PATH_LIMIT,
    Places,
    make_private,
    prepare_places,
    socket_folder,
)
from crmgap_site.launcher.testing import remove_places


@pytest.fixture
def account() -> Account:
    """Return the account that runs the tests, without a change of user."""
    return Account("tests", os.geteuid(), os.getegid(), switches=False)


def test_short_path_keeps_its_sockets(tmp_path: Path, account: Account) -> None:
    assert socket_folder(tmp_path, account) == tmp_path / "sockets"
    assert stat.S_IMODE((tmp_path / "sockets").stat().st_mode) == 0o700


def test_long_path_gets_a_short_private_folder(tmp_path: Path, account: Account) -> None:
    long = tmp_path / ("x" * 60) / ("y" * 60)
    long.mkdir(parents=True)
    sockets = socket_folder(long, account)
    try:
        assert len(os.fsencode(sockets)) + len(LONGEST_SOCKET) <= SOCKET_PATH_LIMIT
        assert stat.S_IMODE(sockets.lstat().st_mode) == 0o700
        assert socket_folder(long, account) == sockets
    finally:
        sockets.rmdir()


def test_folder_that_others_can_read_is_refused(tmp_path: Path, account: Account) -> None:
    (tmp_path / "sockets").mkdir(mode=0o755)
    with pytest.raises(LaunchError, match="no private folder"):
        make_private(tmp_path / "sockets", account)


def test_link_in_place_of_the_folder_is_refused(tmp_path: Path, account: Account) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LaunchError, match="no private folder"):
        make_private(tmp_path / "sockets", account)


def test_servers_own_their_folder(places: Places) -> None:
    assert places.servers.stat().st_uid == places.account.uid
    assert places.account.can_enter(places.servers)
    assert stat.S_IMODE(places.mail.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers under another account")
def test_root_only_checkout_keeps_its_data_where_the_servers_can_reach_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    places = prepare_places(tmp_path / "var", server_account())
    try:
        assert not places.account.can_enter(tmp_path)
        assert places.account.can_enter(places.servers)
        assert (tmp_path / "var" / "data-location").read_text().strip() == str(places.servers)
        assert prepare_places(tmp_path / "var", server_account()) == places
    finally:
        remove_places(places)
