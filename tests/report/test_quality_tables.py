"""Thumbnails by what was found; pictures by data set and scan."""

from pathlib import Path

from small_study import text

from sadm.report import quality_tables as quality


def test_failed_scans_come_first_among_the_thumbnails(tmp_path: Path):
    checks = text(
        tmp_path / "qc.tsv",
        "dataset\tscan\tpassed\treasons\toverlap\n"
        "les\ta\tTrue\t\t0.95\nles\tb\tFalse\tno brain\t0.99\nles\tc\tTrue\t\t0.9\nixi\ta\tTrue\t\t0.1\n",
    )
    files = [text(tmp_path / f"les/{scan}/{scan}_qc.png", "x" * 100) for scan in "cba"]
    pictures = quality.pictured(files)
    assert pictures["les", "a"] == files[2]
    (gallery,) = quality.thumbnails([checks], pictures, {"les": "LES"}, 250)
    assert [each.caption.split(":")[0] for each in gallery.pictures] == ["LES, b", "LES, c"]
    assert "no brain" in gallery.pictures[0].caption
    assert gallery.notes[0].startswith("1 more")
