"""Threads are limited by what numeric libraries read when they are imported."""

import os

import pytest

from sadm.runtime.process import THREAD_VARIABLES, limit_threads


def test_a_users_own_count_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "7")
    limit_threads(2)
    assert {os.environ[name] for name in THREAD_VARIABLES} == {"2"}
