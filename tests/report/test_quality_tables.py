"""Thumbnails by what was found; pictures by data set and scan."""

from pathlib import Path

from small_study import text

from sadm.report import quality_tables as quality


def test_failed_scans_come_first_among_the_thumbnails(tmp_path: Path):
    checks = text(
        tmp_path / "qc.tsv",
        "dataset\tscan\tpassed\tcomplete\treasons\tunusual\toverlap\n"
        "les\tsub-a\tTrue\tTrue\t\t\t0.9\nles\tsub-b_ses-1\tFalse\tTrue\tno brain\t\t0.99\n"
        "les\tsub-c\tTrue\tTrue\t\tsmall\t0.95\nixi\tsub-a\tTrue\tTrue\t\t\t0.1\n"
        "les\tsub-d\tFalse\tFalse\ta step failed\t\t\n",
    )
    places = ("sub-c/anat/sub-c", "sub-d/anat/sub-d", "sub-b/ses-1/anat/sub-b_ses-1", "sub-a/anat/sub-a")
    files = [text(tmp_path / f"les/{place}_qc.png", "x" * 100) for place in places]
    pictures = quality.pictured(files)
    assert pictures["les", "sub-a"] == files[3]
    (gallery,) = quality.thumbnails([checks], pictures, {"les": "LES"}, 250)
    assert [each.caption.split(":")[0] for each in gallery.pictures] == ["LES, sub-b_ses-1", "LES, sub-c"]
    assert "no brain" in gallery.pictures[0].caption
    assert gallery.notes[0].startswith("1 more")


def test_columns_that_say_nothing_are_left_out(tmp_path: Path):
    lines = [
        "dataset\tscan\tunusual\tbackground\tcomplete\tlabelled\tlesion_ml\toverlap",
        "ixi\tsub-1\t\t\tTrue\t0\t0.0\t0.97",
        "ixi\tsub-2\toverlap\t\tTrue\t0\t0.0\t0.91",
        "brats\tsub-3\t\t-1024\tFalse\t1\t12.5\t0.93",
    ]
    (tmp_path / "checks.tsv").write_text("\n".join(lines) + "\n")
    ixi, brats = quality.scan_tables([tmp_path / "checks.tsv"], {})
    assert [column.title for column in ixi.columns] == ["scan", "unusual", "overlap"]
    assert [column.title for column in brats.columns] == [
        "scan",
        "background",
        "complete",
        "labelled",
        "lesion ml",
        "overlap",
    ]
