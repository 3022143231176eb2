"""The cells of a worksheet as they were saved last; imports openpyxl, which costs a web process 15 MB."""

from typing import Any

from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from surveys.people_check import UNUSABLE


class SavedValues(WorkSheetParser):
    """Reads saved values of cells and marks formulas that have none."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """Return the cell; a formula without a saved value becomes UNUSABLE."""
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and cell["data_type"] != "str" and element.find(FORMULA_TAG) is not None:
            cell["value"] = UNUSABLE
        elif cell["data_type"] == "e":
            cell["value"] = f"{UNUSABLE}{cell['value']}"
        return cell
