"""What makes a folder a BIDS derivative: two runs write the same, and no path of this machine."""

import json
from pathlib import Path

import pytest

from sadm.preprocess.dataset_files import TEXTS, dataset_files
from sadm.runtime.files import write_json


@pytest.mark.parametrize("kind", TEXTS)
def test_the_files_of_a_data_set(tmp_path: Path, kind: str) -> None:
    links = {"raw": "../../../data/scans"}
    outputs = {name: str(tmp_path / name) for name in ("description", "readme", "ignore")}
    qc = []
    for scan, complete in (("sub-1", True), ("sub-2_ses-1", False)):
        file = tmp_path / "prep/set" / scan.replace("_", "/") / "anat" / f"{scan}_qc.json"
        write_json({"complete": complete}, file)
        qc.append(str(file))
    given = {"kind": kind, "title": "My scans", "links": links, "qc": qc}
    dataset_files(outputs, **given)
    assert (tmp_path / "ignore").read_text().splitlines()[-1] == "sub-2/ses-1/anat/sub-2_ses-1_*"
    assert "sub-1" not in (tmp_path / "ignore").read_text()
    said = json.loads((tmp_path / "description").read_text())
    assert said["DatasetType"] == "derivative"
    assert said["GeneratedBy"][0]["Name"] == "sadm"
    assert said["DatasetLinks"] == links
    assert said["Name"].startswith("My scans: ")
    page = (tmp_path / "readme").read_text()
    assert page.startswith(f"# {said['Name']}\n")
    assert all(pattern.lstrip("*").partition(".")[0] in page for pattern in TEXTS[kind][2]), "each is told"
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    dataset_files(outputs, **given)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == first
