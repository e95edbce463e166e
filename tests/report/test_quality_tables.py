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


def test_excluded_and_unusual_scans_are_listed_with_what_was_found(tmp_path: Path):
    excluded = text(tmp_path / "excluded.tsv", "dataset\tscan\treasons\nles\tsub-b\tno brain\n")
    kept = text(tmp_path / "scans.tsv", "dataset\tscan\tunusual\nles\tsub-a\t\nles\tsub-c\tsmall\n")
    for found, caption, cells in (
        (quality.exclusions([excluded], {"les": "LES"}), "Excluded scans: 1", ["LES", "sub-b", "no brain"]),
        (quality.unusual([kept], {"les": "LES"}), "Unusual scans, kept: 1", ["LES", "sub-c", "small"]),
    ):
        assert found.caption == caption
        assert [[cell.text for cell in row] for row in found.bodies[0].rows] == [cells]
    assert quality.exclusions([], {}).paragraphs == ["No scan was excluded."]
    assert quality.unusual([], {}).paragraphs == ["No scan that was kept is unusual."]
