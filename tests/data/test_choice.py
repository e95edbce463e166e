"""Every importer lists what participants, sessions and exclude ask for; what is left out is in the account, as such."""

from pathlib import Path

import pytest

from sadm.data import account, base
from sadm.data.choice import Choice
from sadm.runtime.errors import ConfigError, DataError
from sadm.study import registry

TREES = {
    "bids": [f"sub-{n}/ses-{s}/anat/sub-{n}_ses-{s}_T1w.nii.gz" for n in ("01", "02", "03") for s in "ab"],
    "folder": [f"{n}/{s}/T1.nii" for n in ("01", "02", "03") for s in "ab"],
    "atlas": [f"Training/R001/sub-{n}/ses-{s}/anat/sub-{n}_ses-{s}_T1w.nii.gz" for n in ("01", "02", "03") for s in "ab"],
}  # fmt: skip


def of(importer: str, root: Path, **given: object) -> tuple[list[str], account.Account]:
    for name in TREES[importer]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    more = {"t1": "*/*/T1"} if importer == "folder" else {}
    said = registry.declared("data", importer)[1] | {"path": str(root)} | more | given
    scans = base.listing(importer, "set", said)
    return [scan.name.removeprefix("sub-") for scan in scans], account.account(importer, "set", said, scans)


@pytest.mark.parametrize("importer", TREES)
@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"participants": ["01", "sub-03"], "sessions": "b"}, ["01_ses-b", "03_ses-b"]),
        ({"exclude": ["02", "sub-03_ses-a"]}, ["01_ses-a", "01_ses-b", "03_ses-b"]),
        ({"participants": "01, 02", "exclude": "01_ses-a"}, ["01_ses-b", "02_ses-a", "02_ses-b"]),
        ({"sessions": ["ses-a"]}, ["01_ses-a", "02_ses-a", "03_ses-a"]),
    ],
)
def test_what_is_asked_for(tmp_path: Path, importer: str, given: dict, left: list[str]) -> None:
    names, found = of(importer, tmp_path, **given)
    assert names == left
    said = f"left out: options.{', '.join(given)}"
    assert [row["why_not"] for row in found.rows if row["why_not"]] == [said] * (6 - len(left))
    assert not any("no T1 here" in note for note in found.notes), "what is left out is not lacking"


def test_a_file_of_names(tmp_path: Path) -> None:
    (tmp_path / "some.tsv").write_text("participant_id\tage\n# a comment\nsub-02\t3\n\nsub-09\t4\n")
    names, found = of("bids", tmp_path / "data", participants=str(tmp_path / "some.tsv"))
    assert names == ["02_ses-a", "02_ses-b"]
    assert "options.participants: 1 names are of no subject here: 09" in found.notes


def test_what_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"options\.exclude cannot be read"):
        of("bids", tmp_path, exclude=str(tmp_path / "absent.txt"))
    with pytest.raises(DataError, match=r"participants: 7.*subjects 01, 02, 03 and the sessions a, b"):
        of("bids", tmp_path, participants=["7"])
    with pytest.raises(DataError, match="no scans that the options ask for"):
        of("folder", tmp_path, sessions=["c"])
    (tmp_path / "empty.txt").write_text("# none\n")
    with pytest.raises(ConfigError, match="names nothing"):
        of("bids", tmp_path, participants=str(tmp_path / "empty.txt"))


def test_every_importer_has_the_options() -> None:
    for importer in registry.names("data"):
        assert {"participants", "sessions", "exclude"} <= registry.settings("data", importer).keys()
    assert not Choice.of({})
