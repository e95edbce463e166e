"""Packing: order, axes, exclusion by name."""

import numpy as np
import pytest

from sadm.cohort.packed import load_packed
from sadm.preprocess.pack import pack
from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import read_table, save_nifti, write_json

SCANS = ["sub-a", "sub-b", "sub-c"]


@pytest.fixture
def prepared(tmp_path):
    """Three small prepared scans; a function that sets which fail."""
    rng = np.random.default_rng(0)
    volumes = {}
    files = {name: {} for name in ("t1", "brain", "lesion")}
    for scan in SCANS:
        t1 = rng.random((6, 5, 4), dtype=np.float32)
        volumes[scan] = {
            "t1": t1,
            "brain": (t1 > 0.3).astype(np.uint8),
            "lesion": (t1 > 0.8).astype(np.uint8),
        }
        for name, values in volumes[scan].items():
            save_nifti(values, np.eye(4), tmp_path / f"{scan}_{name}.nii.gz")
            files[name][scan] = str(tmp_path / f"{scan}_{name}.nii.gz")

    def run(failed=(), on_failure="exclude", unusual=(), on_unusual="keep"):
        qc = []
        for scan in SCANS:
            reasons = ["too small", "in parts"] if scan in failed else []
            numbers = {
                "brain_ml": 1400.0,
                "overlap": 0.95,
                "labelled": 1,
                "lesion_ml": 2.0,
                "lesion_ml_prepared": 2.0,
            }
            about = {
                "dataset": "healthy",
                "scan": scan,
                "passed": not reasons,
                "reasons": reasons,
                "unusual": ["dark"] if scan in unusual else [],
            }
            write_json(about | numbers, tmp_path / f"{scan}_qc.json")
            qc.append(str(tmp_path / f"{scan}_qc.json"))
        names = {name: f"{name}.npy" for name in files} | {"scans": "scans.tsv", "excluded": "excluded.tsv"}
        outputs = {name: str(tmp_path / "packed" / file) for name, file in names.items()}
        (tmp_path / "packed").mkdir(exist_ok=True)
        pack(files, qc, outputs, on_failure=on_failure, on_unusual=on_unusual, dataset="healthy")
        return tmp_path / "packed"

    return run, volumes


def test_arrays_in_the_order_of_the_scans_axial_slices_first(prepared):
    run, volumes = prepared
    packed = load_packed(run())
    assert packed.scans == SCANS
    assert packed.t1.shape == (3, 4, 6, 5)
    assert packed.t1.dtype == np.float16
    assert packed.brain.dtype == packed.lesion.dtype == np.uint8
    for index, scan in enumerate(SCANS):
        for z in range(4):
            np.testing.assert_array_equal(
                packed.t1[index, z], volumes[scan]["t1"][:, :, z].astype(np.float16)
            )
            np.testing.assert_array_equal(packed.lesion[index, z], volumes[scan]["lesion"][:, :, z])


def test_a_scan_that_failed_is_left_out_by_name(prepared):
    run, volumes = prepared
    folder = run(failed=["sub-b"])
    packed = load_packed(folder)
    assert packed.scans == ["sub-a", "sub-c"]
    np.testing.assert_array_equal(packed.brain[1], volumes["sub-c"]["brain"].transpose(2, 0, 1))
    assert read_table(folder / "excluded.tsv") == [
        {"dataset": "healthy", "scan": "sub-b", "reasons": "too small; in parts"}
    ]
    assert [(row["dataset"], row["scan"], row["index"]) for row in read_table(folder / "scans.tsv")] == [
        ("healthy", "sub-a", "0"),
        ("healthy", "sub-c", "1"),
    ]


def test_an_unusual_scan_is_kept_and_marked_or_left_out_by_name(prepared):
    run, _ = prepared
    folder = run(unusual=["sub-b"])
    assert [(row["scan"], row["unusual"]) for row in read_table(folder / "scans.tsv")][1] == ("sub-b", "dark")
    assert read_table(folder / "excluded.tsv") == []
    folder = run(failed=["sub-a"], unusual=["sub-b"], on_unusual="exclude")
    assert load_packed(folder).scans == ["sub-c"]
    assert [row["scan"] for row in read_table(folder / "excluded.tsv")] == ["sub-a", "sub-b"]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"failed": ["sub-b"], "on_failure": "stop"}, ("1 of 3 scans of healthy failed", "sub-b: too small, in parts", "quality.on_failure: exclude")),
        ({"unusual": ["sub-b"], "on_unusual": "stop"}, ("1 of 3 scans of healthy are unusual", "sub-b: dark", "quality.on_unusual: keep, or exclude")),
    ],
)  # fmt: skip
def test_what_stops_names_the_scans_and_the_key(prepared, choice, said):
    run, _ = prepared
    with pytest.raises(ProcessingError) as error:
        run(**choice)
    assert all(words in str(error.value) for words in said)


@pytest.mark.parametrize("choice", [{"failed": SCANS}, {"unusual": SCANS, "on_unusual": "exclude"}])
def test_where_none_is_left_the_advice_is_not_to_exclude(prepared, choice):
    run, _ = prepared
    with pytest.raises(ProcessingError, match="all 3 were excluded") as error:
        run(**choice)
    assert "sub-a, sub-b, sub-c: " in str(error.value), "what all have is said once"
    assert "exclude" not in error.value.fix
    assert "space and stripped" in error.value.fix


def test_twice_the_same_bytes_and_nothing_left_over(prepared):
    run, _ = prepared
    first = {path.name: path.read_bytes() for path in run().iterdir()}
    assert first == {path.name: path.read_bytes() for path in run().iterdir()}
    assert sorted(first) == ["brain.npy", "excluded.tsv", "lesion.npy", "scans.tsv", "t1.npy"]
