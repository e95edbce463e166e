"""The audit of published csv splits."""

from pathlib import Path

import numpy as np
import pytest

from sadm.commands import audit_csv


def test_published_csv_files_with_repeated_rows_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """The published defect: rows that a demographic table repeats were dealt to different sets, 7 to 9 a fold."""
    draw = np.random.default_rng(1)
    names = [f"IXI{n:03}-Guys-{n:04}" for n in draw.permutation(600)[:300]]
    test, pool, leaks = names[:80], names[80:], []
    files = {"train": [], "val": []}
    for fold in range(5):
        leaks.append(sorted(draw.choice(test, int(draw.integers(7, 10)), replace=False)))
        order = draw.permutation(pool)
        for part, chosen in (("train", [*order[40:], *leaks[-1], order[50]]), ("val", order[:40])):
            files[part].append(tmp_path / f"{part}{fold}.csv")
            files[part][-1].write_text("img_name,age\n" + "".join(f"{n}.nii.gz,30\n" for n in chosen))
    (tmp_path / "test.csv").write_text("img_name,age\n" + "".join(f"{n},30\n" for n in test))
    words = [word for part, paths in files.items() for word in (f"--{part}", *map(str, paths))]
    with pytest.raises(SystemExit) as stop:
        audit_csv.main([*words, "--test", str(tmp_path / "test.csv")])
    said = capsys.readouterr().out
    assert stop.value.code == 1
    for fold, found in enumerate(leaks):
        assert f"fold {fold}: test and train share {len(found)} subjects, {len(found)} images" in said
        assert f"fold {fold}: test and val share 0 subjects" in said
    assert all(f"subject {name[:6]} ({name}) is in" in said for found in leaks for name in found)
