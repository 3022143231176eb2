"""Turn every case file into one test."""

import pytest

from tests.reference.case import Case
from tests.reference.plugin import case_folders


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise `case` over the folders of --cases."""
    if "case" not in metafunc.fixturenames:
        return
    cases = [
        Case.read(folder, path)
        for folder in case_folders(metafunc.config)
        for path in sorted((folder / "cases").glob("*.json"))
    ]
    metafunc.parametrize("case", cases, ids=[f"{case.folder.name}/{case.path.stem}" for case in cases])
