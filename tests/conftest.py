"""Fixtures that every part of the suite uses."""

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The head without data that several rooms test with; what may skip in CI.
pytest_plugins = ["phantom", "skips"]

# One thread a process: the processes of pytest -n would otherwise wait for each other's threads. The jobs of a study set their own.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts background jobs with Ctrl-C ignored, which the processes that tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session")
def template() -> tuple[Path, Path]:
    """SRI24 head and brain as the pipeline has them, fetched once a checkout; skips without network."""
    from sadm.preprocess.template import template as fetch
    from sadm.runtime.errors import DataError

    head, brain = (ROOT / ".cache" / "template" / f"sri24_{name}.nii.gz" for name in ("head", "brain"))
    if not (head.exists() and brain.exists()):
        try:
            fetch(str(head), str(brain))
        except DataError as error:
            pytest.skip(f"the SRI24 template cannot be fetched here: {error}")
    return head, brain
