"""Fixtures that every part of the suite uses."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def golden() -> Path:
    """Folder of the golden numbers: made by running the authors' released code on deterministic inputs."""
    return ROOT / "tests" / "golden"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real scans for development (SADM_SHARED_DATA, by default ../shared/data); skips where it is absent."""
    folder = Path(os.environ.get("SADM_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(
            f"the real scans are not on this machine: {folder} is not a folder (set SADM_SHARED_DATA)"
        )
    return folder
