"""The option --cases DIR (repeatable): folders of reference cases; default is ../shared/cases/stats when it exists."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = REPOSITORY.parent / "shared" / "cases" / "stats"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register --cases."""
    parser.addoption(
        "--cases",
        action="append",
        metavar="DIR",
        default=None,
        help="folder with reference cases (cases/*.json, data/*.csv); may be given several times",
    )


def case_folders(config: pytest.Config) -> list[Path]:
    """Return the folders to run; a folder named on the command line must exist."""
    named = config.getoption("--cases", default=None)
    if not named:
        return [DEFAULT_FOLDER] if (DEFAULT_FOLDER / "cases").is_dir() else []
    folders = [Path(name).resolve() for name in named]
    for folder in folders:
        if not (folder / "cases").is_dir():
            message = f"--cases {folder}: there is no folder 'cases' in it"
            raise pytest.UsageError(message)
    return folders


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the test of reference cases out where no folder of cases is at hand: there is nothing to compare with."""
    items[:] = [item for item in items if not item.name.endswith("[NOTSET]")]
