"""In CI (SADM_CI) a test may skip only for a reason that is listed here: what CI is to prove cannot vanish unseen."""

import os
import re
from collections.abc import Generator
from typing import Any

import pytest

ALLOWED = (
    "the real scans are not on this machine",
    "these copies of the atlas have other headers",
    "no mounts here",
    "no CUDA device",
    "the published weights of HD-BET 1 are not on this machine",
    "no run on this kind of machine is stored",
)


def allowed(reason: str) -> bool:
    """Whether a test may skip for ``reason`` in CI."""
    return any(re.search(re.escape(text), reason) for text in ALLOWED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that skips in CI for a reason that is not listed."""
    report = yield
    if "SADM_CI" in os.environ and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if not allowed(reason):
            report.outcome = "failed"
            report.longrepr = (
                f"{item.nodeid} skips in CI, and tests/support/skips.py does not list why: {reason}"
            )
    return report
