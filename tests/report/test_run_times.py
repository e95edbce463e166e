"""What jobs took is read off the ends of their logs."""

from pathlib import Path

from small_study import text

from sadm.report.run_times import Used, jobs, run_times


def test_jobs_are_told_by_their_logs(tmp_path: Path):
    text(tmp_path / "train/cddpm_fold0.log", "epoch 1\nused 3.5 CPU s, 700 MB, 4.0 s\n")
    text(tmp_path / "grid/les/s0.log", "é" * 300 + "\nused 1.0 CPU s, 90 MB, 1.5 s\n")
    text(tmp_path / "grid/les/s1.log", "used 1.0 CPU s, 95 MB, 0.5 s\n")
    text(tmp_path / "grid/les/s2.log", "used 1.0 CPU s, 95 MB, 0.5 s\nstill at work")
    text(tmp_path / "grid/les/s3.log", "")
    assert jobs(tmp_path) == {"grid": [Used(1, 90, 1.5), Used(1, 95, 0.5)], "train": [Used(3.5, 700, 4)]}
    facts, table = run_times(tmp_path)
    assert facts.pairs[1] == ("Jobs", "3")
    assert [[cell.text for cell in line] for line in table.bodies[0].rows] == [
        ["train", "1", "4.0", "4.0", "4.0", "3.5", "700"],
        ["grid", "2", "2.0", "1.0", "1.5", "2.0", "95"],
    ]


def test_without_logs_there_is_nothing_to_show(tmp_path: Path):
    assert run_times(tmp_path / "logs") == []
