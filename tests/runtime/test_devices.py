"""Device and progress: what the log and the user see."""

import pytest
import torch

from sadm.runtime import progress
from sadm.runtime.devices import autocast, pick_device
from sadm.runtime.errors import ConfigError


def test_the_device_is_the_one_asked_for_or_the_best_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == pick_device("cpu") == torch.device("cpu")
    with pytest.raises(ConfigError, match=r"training\.device"):
        pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("sadm.runtime.devices.own_gpu", lambda: 1)
    assert pick_device("auto") == torch.device("cuda", 1)
    assert pick_device("auto").type == pick_device("cuda").type == "cuda"
    assert pick_device("cpu").type == "cpu"


def test_the_cpu_computes_in_full_precision() -> None:
    with autocast(torch.device("cpu"), amp=True)():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_progress_says_the_time_left_and_not_too_often(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    report, asked = progress.Progress(100, done=20), []
    for done in range(21, 101):
        now[0] += 2.0
        report(done, lambda: asked.append(1) or "loss 0.1")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(asked) == 27, "every third step, and the last"
    assert lines[0] == "step 23/100, loss 0.1, 2 min 34 s left"
    assert lines[-1] == "step 100/100, loss 0.1, 0 min 0 s left"
