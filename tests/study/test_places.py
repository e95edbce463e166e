"""Names in a BIDS data set: folders of scans, labels of rows, URIs of source files."""

import pytest

from sadm.study.places import folder, label, link, raw


def test_a_session_is_a_folder_below_its_subject() -> None:
    assert folder("sub-07") == "sub-07"
    assert folder("sub-07_ses-1arun2") == "sub-07/ses-1arun2"


@pytest.mark.parametrize("name", ["07", "sub-07_run-1", "sub-0-7", "sub-07_", "sub-07/ses-1", "sub-_ses-1"])
def test_what_is_no_scan_has_no_folder(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a scan"):
        folder(name)


def test_a_row_is_a_label_of_letters_and_digits() -> None:
    assert label("SADM_res-STROKE.2") == "SADMresSTROKE2"


def test_a_source_file_is_named_by_its_path_in_its_data_set() -> None:
    assert raw("/my/scans/p 1/T1.nii", "/my/scans") == "bids:raw:p%201/T1.nii"
    assert raw("data/a/b.nii.gz", "data") == "bids:raw:a/b.nii.gz"
    assert raw("/elsewhere/b.nii.gz", "/my/scans") == "bids:raw:b.nii.gz"


def test_a_link_tells_no_place_on_this_machine() -> None:
    assert link("data/scans", "results/prep/scans") == "../../../data/scans"
    assert link("results/demo", "results/prep/tumour") == "../../demo"
    assert link("/home/me/my scans", "results/prep/scans") == "urn:sadm:my%20scans"
