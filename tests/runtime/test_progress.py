"""Progress lines: the time left, and not too many."""

import pytest

from sadm.runtime import progress


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
