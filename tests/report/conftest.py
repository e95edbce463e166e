"""The report of the small study, made once for this room."""

from pathlib import Path

import pytest
from small_report import material

from sadm.report import page
from sadm.report.material import Material


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """What the report is made of."""
    return material(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def html(given: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    page.report(given, out)
    return out
