"""What makes a folder a BIDS derivative: two runs write the same, and no path of this machine."""

import json
from pathlib import Path

import pytest

from sadm.preprocess.dataset_files import TEXTS, dataset_files


@pytest.mark.parametrize("kind", TEXTS)
def test_the_files_of_a_data_set(tmp_path: Path, kind: str) -> None:
    links = {"raw": "../../../data/scans"}
    outputs = {name: str(tmp_path / name) for name in ("description", "readme", "ignore")}
    dataset_files(outputs, kind=kind, title="My scans", links=links)
    said = json.loads((tmp_path / "description").read_text())
    assert said["DatasetType"] == "derivative"
    assert said["GeneratedBy"][0]["Name"] == "sadm"
    assert said["DatasetLinks"] == links
    assert said["Name"].startswith("My scans: ")
    page = (tmp_path / "readme").read_text()
    assert page.startswith(f"# {said['Name']}\n")
    assert all(pattern.lstrip("*").partition(".")[0] in page for pattern in TEXTS[kind][2]), "each is told"
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    dataset_files(outputs, kind=kind, title="My scans", links=links)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
