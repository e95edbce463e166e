"""Inputs of a second round that once ended in a traceback, a wrong result, or not at all: each is named, or right."""

import json
import os
import resource
import struct
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from workbook import FAR, workbook

from sadm.cohort.packed import load_packed
from sadm.cohort.sheet import cohort
from sadm.commands import import_checkpoint
from sadm.commands.audit_csv import names
from sadm.evaluation.scores import read_scores
from sadm.figures import draw
from sadm.figures.charts import losses
from sadm.methods.base import build
from sadm.prediction.maps import Origin, by_origin, read_maps, write_maps
from sadm.preprocess.bias import log_field
from sadm.preprocess.quality_table import checks
from sadm.preprocess.space import read_transform, write_transform
from sadm.preprocess.strip import sweep
from sadm.runtime.errors import ConfigError, DataError, OutputError
from sadm.runtime.files import load_nifti, read_json, read_table, real, write_text
from sadm.runtime.job import to_log
from sadm.runtime.tensors import write_tensors
from sadm.statistics.marks import number
from sadm.study import registry
from sadm.study.layout import Layout
from sadm.study.loader import raw_config
from sadm.training.checkpoint import load

AFFINE = np.diag([-8.0, 8, 8, 1])


def nifti(path: Path, seed: int = 0, affine: np.ndarray = AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.zeros((24, 26, 22), np.int16)
    data[4:20, 4:22, 4:18] = np.random.default_rng(seed).integers(200, 900, (16, 18, 14))
    nib.save(nib.Nifti1Image(data, affine), path)
    return path


def sheet(importer: str, folder: Path | str, **options: Any) -> list[Any]:
    out = Path(str(folder)).parent / "sheet.tsv"
    said = registry.declared("data", importer)[1] | {"path": str(folder)} | options
    cohort("set", importer, said, False, out)
    return read_table(out)


IMPORTERS = sorted({"folder", "bids", "ixi", "brats", "atlas", "released"})


# ---------------------------------------------------------------- places and names
@pytest.mark.parametrize("importer", IMPORTERS)
def test_a_folder_that_may_not_be_entered_is_named(importer, tmp_path, monkeypatch):
    """Tests run as root, whom nothing is forbidden: the system's answer stands in for it."""
    real_stat = os.stat

    def stat(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        if not isinstance(path, int) and str(path).startswith(str(tmp_path / "closed")):
            raise PermissionError(13, "Permission denied", str(path))
        return real_stat(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", stat)
    with pytest.raises(DataError, match="permission denied"):
        sheet(importer, tmp_path / "closed" / "in")


@pytest.mark.parametrize("importer", IMPORTERS)
@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_path_that_no_folder_can_have_is_named(importer, name, tmp_path):
    with pytest.raises(DataError, match="A data set is not there"):
        sheet(importer, f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (b"p\xe91.nii", "not in UTF-8"), (b"p\r1.nii", "control signs"), (b"p\n1.nii", "control signs"),
        ("p\u20281.nii".encode(), "control signs"), (b"a" * 240 + b".nii", "A name is too long"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_written_is_named_before_anything_runs(name, said, tmp_path):
    nifti(tmp_path / "made.nii")
    (tmp_path / "in").mkdir()
    os.rename(tmp_path / "made.nii", os.fsencode(tmp_path / "in") + b"/" + name)
    with pytest.raises(DataError, match=said):
        sheet("folder", tmp_path / "in")


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "**" * 16, "**/" * 12 + "*x"])
def test_a_pattern_of_many_stars_ends(pattern, tmp_path):
    nifti(tmp_path / "in" / ("a" * 120 + ".nii"))
    with pytest.raises((DataError, ConfigError)):
        sheet("folder", tmp_path / "in", t1=pattern + "q")


def test_a_pattern_of_hundreds_of_stars_is_refused(tmp_path):
    nifti(tmp_path / "in" / "a.nii")
    with pytest.raises(ConfigError, match="stars"):
        sheet("folder", tmp_path / "in", t1="*a" * 300)


def test_folders_1500_deep_are_read(tmp_path):
    nifti(tmp_path / "in" / "p1.nii")
    there, place = os.getcwd(), tmp_path / "in"
    try:
        os.chdir(place)
        for _ in range(1500):
            os.mkdir("a")
            os.chdir("a")
        os.chdir(there)
        assert len(sheet("folder", place)) == 1
    finally:
        os.chdir(there)
        os.system(f"rm -rf '{place}'")


# ---------------------------------------------------------------- tables
@pytest.mark.parametrize("extra", FAR)
def test_a_workbook_with_a_cell_far_away_is_named_at_once(extra, tmp_path):
    nifti(tmp_path / "in" / "IXI001-Guys-0001-T1.nii")
    workbook(tmp_path / "in" / "IXI.xlsx", [["IXI_ID", "AGE"], [1, 30]], extra)
    with pytest.raises(DataError, match="cells beyond"):
        sheet("ixi", tmp_path / "in")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * 2**20


def test_quotes_swallow_no_line(tmp_path):
    for n, who in enumerate(("01", "02")):
        nifti(tmp_path / f"in/sub-{who}/anat/sub-{who}_T1w.nii", n)
    text = 'participant_id\tage\tsite\nsub-01\t30\t"A\nsub-02\t40\tB\nsub-03\t50\t"C\n'
    (tmp_path / "in/participants.tsv").write_text(text)
    assert [row["age"] for row in sheet("bids", tmp_path / "in")] == ["30", "40"]


def test_a_pipe_for_a_table_is_named(tmp_path):
    nifti(tmp_path / "in/sub-01/anat/sub-01_T1w.nii")
    os.mkfifo(tmp_path / "in/participants.tsv")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        sheet("bids", tmp_path / "in")


@pytest.mark.parametrize("line", ["30", "30,", "30,  "])
def test_a_published_split_with_a_short_line_is_named(line, tmp_path):
    (tmp_path / "a.csv").write_text(f"age,img_name\n{line}\n")
    with pytest.raises(DataError, match="line 2 has no img_name"):
        names(tmp_path / "a.csv")


# ---------------------------------------------------------------- stored results
@pytest.mark.parametrize(
    "said",
    [
        "{}", "[]", "1", "null", '{"dataset": NaN}', "[" * 5000,
        '{"dataset": "a", "scan": "b", "passed": true, "reasons": "x", "unusual": []}',
        '{"dataset": "a", "scan": "b", "passed": true, "reasons": ["x"], "unusual": []}',
        '{"dataset": "a", "scan": "b", "passed": 1, "reasons": [], "unusual": []}',
        '{"dataset": "a", "scan": "b", "passed": true, "reasons": [], "unusual": [], "nmi": [1]}',
    ],
)  # fmt: skip
def test_an_edited_check_is_named(said, tmp_path):
    (tmp_path / "qc.json").write_text(said)
    with pytest.raises(DataError, match=r"qc\.json(.|\n)*delete the file"):
        checks([str(tmp_path / "qc.json")], str(tmp_path / "checks.tsv"))


def test_json_with_numbers_that_are_none_is_named(tmp_path):
    (tmp_path / "a.json").write_text('{"a": Infinity}')
    with pytest.raises(DataError, match="Infinity is no number"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "gone", "folder", "not finite", "flat"])
def test_a_damaged_transform_is_named(damage, tmp_path):
    path = tmp_path / "a.mat"
    write_transform(np.eye(4), path)
    whole = path.read_bytes()
    if damage in ("gone", "folder"):
        path.unlink()
    if damage == "folder":
        path.mkdir()
    if damage in ("cut", "empty", "text"):
        path.write_bytes({"cut": whole[:60], "empty": b"", "text": b"#Insight Transform File V1.0\n"}[damage])
    if damage in ("not finite", "flat"):
        one = struct.pack("<d", 1.0)
        path.write_bytes(
            whole.replace(one, struct.pack("<d", float("nan") if damage == "not finite" else 0.0))
        )
    with pytest.raises(DataError, match=r"A transform cannot be read(.|\n)*a\.mat(.|\n)*delete the file"):
        read_transform(path)


@pytest.mark.parametrize(
    "array",
    [np.array(1.0), np.zeros(3), np.zeros((1, 2, 3, 3), "U2"), np.zeros((1, 2, 3, 3), complex), np.zeros((2, 2, 3, 3)), np.zeros((0, 2, 3, 3))],
)  # fmt: skip
def test_a_packed_array_of_another_kind_is_named(array, tmp_path):
    for name in ("t1", "brain", "lesion"):
        np.save(tmp_path / f"{name}.npy", array)
    (tmp_path / "scans.tsv").write_text("scan\nsub-1\n")
    with pytest.raises(DataError, match="delete the"):
        load_packed(tmp_path)


def test_a_scan_that_is_packed_twice_is_named(tmp_path):
    for name in ("t1", "brain", "lesion"):
        np.save(tmp_path / f"{name}.npy", np.zeros((2, 2, 3, 3)))
    (tmp_path / "scans.tsv").write_text("scan\nsub-1\nsub-1\n")
    with pytest.raises(DataError, match="does not fit together"):
        load_packed(tmp_path)


LAYOUT = Layout({"AE": ["set"]}, [], ["les"], 1, "set", {"set": "Set", "les": "Les"})


@pytest.mark.parametrize(
    "text",
    [
        "", "row\tfold\n", "row\tfold\tseed\ttestset\tscan\tdice\nAE\t0\t1\tles\ts1\tx\n", "row\trow\tfold\tseed\ttestset\tscan\nAE\tAE\t0\t1\tles\ts1\n",
        'row\tfold\tseed\ttestset\tscan\tdice\nAE\t0\t1\tles\t"s1\t1\n', "row\tfold\tseed\ttestset\tscan\tdice\nAE\t0\t1\tles\n",
    ],
)  # fmt: skip
def test_an_edited_table_of_scores_is_named(text, tmp_path):
    (tmp_path / "les.tsv").write_text(text)
    with pytest.raises(DataError, match=r"les\.tsv(.|\n)*delete the file"):
        read_scores([tmp_path / "les.tsv"], LAYOUT)


def test_text_for_a_number_is_named_with_its_line(tmp_path):
    (tmp_path / "curve.csv").write_text(
        "model,fold,seed,epoch,step,train_loss,val_loss,lr\nae,0,1,1,1,.5,.4,.1\nae,0,1,2,2,oops,.3,.1\n"
    )
    with pytest.raises(DataError, match=r"curve\.csv(.|\n)*line 3: train_loss is 'oops'"):
        losses([tmp_path / "curve.csv"], ["ae"])
    (tmp_path / "a.tsv").write_text("a\nx\n")
    (row,) = read_table(tmp_path / "a.tsv")
    with pytest.raises(DataError, match=r"a\.tsv(.|\n)*line 2"):
        real(row, "a")
    with pytest.raises(DataError, match=r"a\.tsv(.|\n)*no column b"):
        row["b"]
    with pytest.raises(DataError, match="no number"):
        number("x")


def test_maps_whose_description_or_numbers_are_wrong_are_named(tmp_path):
    for name in ("t1", "brain", "lesion"):
        np.save(tmp_path / f"{name}.npy", np.ones((1, 2, 3, 3)))
    (tmp_path / "scans.tsv").write_text("scan\nsub-1\n")
    data, of = load_packed(tmp_path), Origin("ae", 0, 1, "set", "test")
    write_maps([("sub-1", np.full((2, 3, 3), np.nan))], data, np.array([0]), of, tmp_path / "m")
    with pytest.raises(DataError, match="not finite"):
        read_maps(tmp_path / "m", data, np.array([0]))
    for wrong in ({"model": []}, {"fold": "0"}, {"more": 1}, {"seed": None}):
        write_tensors([], {}, vars(of) | wrong, tmp_path / "m")
        with pytest.raises(DataError, match="does not tell"):
            by_origin([tmp_path / "m"])


# ---------------------------------------------------------------- files of others
def test_a_log_and_a_temporary_file_follow_no_link(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("precious")
    (tmp_path / "a.log").symlink_to(mine)
    (tmp_path / f".tmp{os.getpid()}_result.txt").symlink_to(mine)
    os.link(mine, tmp_path / "hard.log")
    for log in ("a.log", "hard.log"):
        with to_log(str(tmp_path / log)):
            print("hello")
        assert "hello" in (tmp_path / log).read_text()
    write_text("new", tmp_path / "result.txt")
    assert (tmp_path / "result.txt").read_text() == "new"
    assert mine.read_text() == "precious"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_log_that_is_no_file_is_an_error(make, tmp_path):
    make(tmp_path / "a.log")
    with pytest.raises(SystemExit, match="OutputError"), to_log(str(tmp_path / "a.log")):
        pass


def test_a_name_that_is_no_utf_8_reaches_the_log(tmp_path):
    with to_log(str(tmp_path / "a.log")):
        print("p\udce91.nii")
    assert "p\\udce91.nii" in (tmp_path / "a.log").read_text(encoding="utf-8")


def test_the_cleaner_of_masks_leaves_what_is_not_its_own(tmp_path):
    mask, old = (tmp_path / f"{letter * 16}.nii.gz" for letter in "ab")
    kept = [tmp_path / "notes.txt", tmp_path / f".tmp{os.getpid()}_{old.name}", tmp_path / "mine.nii.gz"]
    dead = tmp_path / f".tmp999999999_{old.name}"
    for path in (mask, old, dead, *kept):
        path.touch()
    (tmp_path / "folder").mkdir()
    sweep(mask)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [mask.name, "folder", *(p.name for p in kept)]
    )


def test_a_disk_that_fills_leaves_no_half_conversion(tmp_path, monkeypatch):
    small = {"channels": [8, 8], "res_blocks": 1, "groups": 4, "head_channels": 8, "condition": 8, "encoder_layers": [1, 1, 1, 1], "encoder_width": 4}  # fmt: skip
    net = build("cddpm", small | {"pretrained": False}, import_checkpoint.SHAPE)
    state = {import_checkpoint.theirs("cddpm", name): value for name, value in net.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "a.ckpt")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_checkpoint.checkpoint, "write", full)
    with pytest.raises(OutputError, match="No space"):
        import_checkpoint.convert(tmp_path / "a.ckpt", tmp_path / "models", {"cddpm": small})
    assert not [path for path in (tmp_path / "models").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", [1, None, ("a",), b"a"])
def test_a_checkpoint_with_other_than_text_for_names_is_named(name, tmp_path):
    torch.save({"state_dict": {name: torch.zeros(2)}}, tmp_path / "a.ckpt")
    with pytest.raises(DataError, match="is no text"):
        import_checkpoint.convert(tmp_path / "a.ckpt", tmp_path / "models", {})


@pytest.mark.parametrize("content", [b"", b"x" * 99, json.dumps({"a": 1}).encode()])
def test_weights_that_are_another_file_are_named(content, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(DataError, match="weights file cannot be read"):
        load(tmp_path / "w.safetensors")


# ---------------------------------------------------------------- the rest
@pytest.mark.parametrize("iterations", [[], [0], [0, 0], [1] * 20, [-1, 5]])
def test_a_bias_field_without_iterations_is_named(iterations):
    with pytest.raises(ConfigError, match="N4 has no iterations"):
        log_field(np.ones((8, 8, 8), np.float32), np.ones((8, 8, 8), bool), iterations, 0.0)


def test_a_compressed_image_with_a_hole_behind_it_ends_at_once(tmp_path):
    nifti(tmp_path / "a.nii.gz")
    os.truncate(tmp_path / "a.nii.gz", 10 << 30)
    with pytest.raises(DataError, match="bytes follow its last voxel"):
        load_nifti(tmp_path / "a.nii.gz")


@pytest.mark.parametrize("title", [r"$\frac$", "$", "a_$b^{", "\\"])
def test_a_title_is_drawn_as_it_is_written(title, tmp_path):
    lines = [("les", "A", 0, b / 10, 50.0) for b in range(11)]
    draw.beta(lines, {"les": title}, 0.5, [tmp_path / "a.svg"])
    assert (tmp_path / "a.svg").stat().st_size > 1000


@pytest.mark.parametrize("coding", ["latin-1", "utf-16", "utf-16-le", "utf-32"])
def test_a_study_in_another_coding_is_named(coding, tmp_path):
    (tmp_path / "a.yaml").write_bytes("name: Jörg\n".encode(coding))
    with pytest.raises(ConfigError, match="A study cannot be read"):
        raw_config([tmp_path / "a.yaml"])


def test_a_study_of_many_levels_is_named(tmp_path):
    for name, text in (
        ("a.json", '{"a": ' * 3000 + "1" + "}" * 3000),
        ("a.yaml", "a: " + "[" * 3000 + "]" * 3000),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError, match=r"cannot be read|too deep"):
            raw_config([tmp_path / name])
