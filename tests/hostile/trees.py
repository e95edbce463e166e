"""Data sets that are no such, and the labels, masks and tables in them."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from images import AFFINE, SHAPE, T1, save, voxels
from kinds import kind

Rows = list[dict[str, str]]


def label(voxels_: int = 200) -> np.ndarray:
    """A lesion in the middle of the grid."""
    data = np.zeros(SHAPE, np.uint8)
    data[4:9, 4:9, 4:12] = 1
    return data


def patient(
    folder: Path,
    lesion: np.ndarray | None,
    affine: Any = AFFINE,
    t1: np.ndarray | None = None,
    number: int = 0,
    **edits: Any,
) -> Path:
    """A BraTS tree of one patient."""
    stem = folder / f"BraTS2021_{number:05}" / f"BraTS2021_{number:05}"
    save(Path(f"{stem}_t1.nii.gz"), voxels(number) if t1 is None else t1)
    if lesion is not None:
        save(Path(f"{stem}_seg.nii.gz"), lesion, affine, **edits)
    return folder


def volume(ml: str) -> Any:
    """A check that the sheet's one lesion has ``ml``."""

    def check(rows: Rows) -> None:
        assert [row["lesion_ml"] for row in rows] == [ml]

    return check


shifted = AFFINE.copy()
shifted[0, 3] += 1
dark = voxels()
dark[label() > 0] = 0


def _of(name: str, says: str, *given: Any, **more: Any) -> None:
    def make(folder: Path) -> Path:
        return patient(folder, *given, **more)

    make.__name__ = name
    kind("brats", says)(make)


_of("no_label", "DataError.*has no lesion label", None)
_of("label_of_another_shape", "DataError.*another grid.*shape", label()[:8])
_of("label_at_another_place", "DataError.*another grid.*1 mm", label(), shifted)
_of(
    "label_of_300_values",
    "DataError.*is no mask: 301 values",
    (np.arange(np.prod(SHAPE)) % 301).reshape(SHAPE).astype(np.int16),
)
_of(
    "fractional_label",
    "DataError.*is no mask: values between whole numbers, by up to 0.3",
    (label() * 0.3).astype(np.float32),
)
_of("negative_label", "DataError.*is no mask: values down to -1", label().astype(np.int16) * -1)
_of("label_that_is_a_t1", "DataError.*is no mask: .* values", voxels(7))
_of("label_with_nan", "DataError.*no numbers", np.where(label() > 0, np.nan, 0).astype(np.float32))
_of("label_where_the_t1_is_0", "DataError.*lesion label lies beside the head", label(), t1=dark)


_of("inverted_label", "DataError.*no lesion label: its background is not 0", 1 - label())
_of("label_of_ones", "DataError.*no lesion label: its background is not 0: 100%", label() * 0 + 1)
_of(
    "label_of_most_of_the_head",
    "DataError.*no lesion label.*of the head",
    np.pad(np.ones((10, 12, 14), np.uint8), 1),
)


@kind("brats", right=volume("1.600"))
def label_on_a_background_of_nearly_0(folder: Path) -> Path:
    return patient(folder, label(), scl_slope=1, scl_inter=1e-5)


@kind("brats", "DataError.*same label as.*BraTS2021_00001_seg.*BraTS2021_00002_seg")
def one_label_for_three_patients(folder: Path) -> Path:
    for number in range(3):
        patient(folder, label() * (number + 1), number=number)
    return folder


@kind("brats", right=volume("1.600"))
def label_of_255(folder: Path) -> Path:
    return patient(folder, label() * 255)


@kind("brats", right=volume("1.600"))
def label_of_255_scaled_to_1(folder: Path) -> Path:
    return patient(folder, label() * 255, scl_slope=1 / 255, scl_inter=0)


@kind("brats", right=volume("0.000"))
def empty_label(folder: Path) -> Path:
    return patient(folder, label() * 0)


@kind("brats", right=volume("1.600"))
def nii_beside_nii_gz(folder: Path) -> Path:
    patient(folder, label())
    save(folder / "BraTS2021_00000" / "BraTS2021_00000_t1.nii", voxels(5))
    return folder


@kind("brats", "DataError.*same voxels as")
def two_patients_with_one_image(folder: Path) -> Path:
    patient(folder, label())
    return patient(folder, label(), t1=voxels(0), number=1)


@kind("brats", "DataError.*same subject and session")
def two_patients_with_one_id(folder: Path) -> Path:
    name = "BraTS19_2013_2_1"
    for seed, grade in enumerate(("HGG", "LGG")):
        save(folder / grade / name / f"{name}_t1.nii.gz", voxels(seed))
    return folder


@kind("brats", "DataError.*missing")
def patient_without_t1(folder: Path) -> Path:
    patient(folder, label())
    (folder / "BraTS2021_00000" / "BraTS2021_00000_t1.nii.gz").unlink()
    return folder


@kind("ixi", "DataError.*same subject and session")
def one_scan_compressed_and_not(folder: Path) -> Path:
    save(folder / T1, voxels())
    save(folder / T1.removesuffix(".gz"), voxels(1))
    return folder


@kind("ixi", "DataError.*path cannot be used.*wildcards")
def braces_in_a_path(folder: Path) -> Path:
    save(folder / "br{a}ces" / T1, voxels())
    return folder / "br{a}ces"


@kind("ixi", "DataError.*path cannot be used.*control signs")
def line_break_in_a_path(folder: Path) -> Path:
    save(folder / "new\nline" / T1, voxels())
    return folder / "new\nline"


@kind("ixi", "DataError.*has no scans")
def empty_folder(folder: Path) -> Path:
    return folder


@kind("ixi", "DataError.*not there.*no such folder")
def no_folder(folder: Path) -> Path:
    return folder / "gone"


@kind("ixi", "DataError.*not there.*unpack")
def archive_that_writes_outside_for_a_folder(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "IXI.zip", "w") as archive:
        archive.writestr("../../evil.txt", "outside")
    return folder / "IXI.zip"


@kind("ixi", right=lambda rows: None if [row["subject"] for row in rows] == ["IXI002"] else 1 / 0)
def upper_case_suffix(folder: Path) -> Path:
    save(folder / T1, voxels()).rename(folder / T1.replace(".nii.gz", ".NII.GZ"))
    return folder


def anat(
    folder: Path, site: str = "R001", subject: str = "sub-r001s001", name: str = "a_T1w", seed: int = 0
) -> Path:
    """A session of an ATLAS tree, with its label."""
    place = folder / "Training" / site / subject / "ses-1" / "anat"
    save(place / f"{name}.nii.gz", voxels(seed))
    save(place / "a_label-L_desc-T1lesion_mask.nii.gz", label())
    return folder


@kind("atlas", "DataError.*same subject and session")
def ids_that_differ_in_case(folder: Path) -> Path:
    anat(folder)
    return anat(folder, subject="sub-R001S001", seed=1)


@kind("atlas", "DataError.*same subject and session")
def subject_at_two_sites(folder: Path) -> Path:
    anat(folder)
    return anat(folder, site="R002", seed=1)


@kind("atlas", "DataError.*id cannot be used")
def id_without_a_latin_letter(folder: Path) -> Path:
    return anat(folder, subject="sub-患者")


@kind("atlas", "DataError.*path cannot be used.*control signs")
def newline_in_an_id(folder: Path) -> Path:
    return anat(folder, subject="sub-r001\ns001")


@kind("atlas", "DataError.*Several files may be the T1")
def two_t1_in_a_session(folder: Path) -> Path:
    anat(folder)
    return anat(folder, name="b_T1w")


@kind("atlas", "DataError.*folder cannot be read")
def session_that_is_a_symlink_loop(folder: Path) -> Path:
    anat(folder)
    loop = folder / "Training" / "R001" / "sub-r001s001" / "ses-2"
    loop.symlink_to(loop)
    return folder


def head(folder: Path, mask: np.ndarray, **edits: Any) -> Path:
    """A BIDS tree of one head in dark air, and its brain mask."""
    data = np.where(label() > 0, voxels(), voxels() % 9).astype(np.int16)
    save(folder / "sub-01" / "anat" / "sub-01_T1w.nii.gz", data)
    save(folder / "derivatives" / "p" / "sub-01" / "anat" / "sub-01_desc-brain_mask.nii.gz", mask, **edits)
    return folder


@kind("bids", "DataError.*brain mask lies beside the head.*as bright")
def mask_outside_the_head(folder: Path) -> Path:
    return head(folder, label()[::-1] * 0 + np.pad(np.ones((3, 3, 3), np.uint8), [(0, n - 3) for n in SHAPE]))


@kind("bids", "DataError.*brain mask is empty")
def empty_mask(folder: Path) -> Path:
    return head(folder, label() * 0)


@kind("bids", "DataError.*is no mask: values between")
def fractional_mask(folder: Path) -> Path:
    return head(folder, label() * 200, scl_slope=1 / 255, scl_inter=0)


@kind("bids", "DataError.*Several files may be the brain mask")
def two_masks(folder: Path) -> Path:
    head(folder, label())
    save(folder / "derivatives" / "q" / "sub-01" / "sub-01_desc-brain_mask.nii.gz", label())
    return folder


def participants(folder: Path, content: bytes) -> Path:
    """A BIDS tree with this participants.tsv."""
    head(folder, label())
    (folder / "participants.tsv").write_bytes(content)
    return folder


@kind("bids", "DataError.*table of subjects cannot be read")
def table_in_latin_1(folder: Path) -> Path:
    return participants(folder, "participant_id\tsite\nsub-01\tK\xf6ln\n".encode("latin-1"))


@kind("bids", "DataError.*table of subjects")
def table_of_bytes(folder: Path) -> Path:
    return participants(folder, bytes(range(256)) * 4)


@kind("bids", "DataError.*table of subjects cannot be read")
def ragged_table(folder: Path) -> Path:
    return participants(folder, b"participant_id\tage\nsub-01\t3\nsub-02\t3\t4\t5\n")


@kind("bids", "DataError.*table of subjects cannot be read")
def empty_table(folder: Path) -> Path:
    return participants(folder, b"")


@kind("bids", "DataError.*table of subjects has no column(?!.*DOE)")
def table_without_a_header_line(folder: Path) -> Path:
    return participants(folder, b"sub-01\tDOE^JANE\t19700101\n")


@kind("bids", "DataError.*table of subjects cannot be read.*3 cells.*row.names")
def table_with_row_names(folder: Path) -> Path:
    return participants(folder, b'"participant_id"\t"age"\n"1"\t"sub-01"\t40\n"2"\t"sub-02"\t41\n')


@kind("bids", right=lambda rows: None if [row["age"] for row in rows] == ["30"] else 1 / 0)
def quote_that_is_never_closed(folder: Path) -> Path:
    return participants(folder, b'participant_id\tage\tsite\nsub-01\t30\t"A\nsub-02\t40\tB\n')


@kind("bids", "DataError.*table of subjects cannot be read.*neither a file nor a folder")
def table_that_is_a_pipe(folder: Path) -> Path:
    head(folder, label())
    os.mkfifo(folder / "participants.tsv")
    return folder


@kind("bids", right=lambda rows: None if [row["age"] for row in rows] == [""] else 1 / 0)
def absurd_ages(folder: Path) -> Path:
    return participants(folder, b"participant_id\tage\nsub-01\t1e309\nsub-02\t-3\n")


@kind("ixi", "DataError.*table of subjects cannot be read.*unpacks to")
def workbook_that_is_a_bomb(folder: Path) -> Path:
    save(folder / T1, voxels())
    with zipfile.ZipFile(folder / "IXI.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(100 << 20))
    return folder


@kind("ixi", "DataError.*table of subjects cannot be read")
def workbook_that_is_none(folder: Path) -> Path:
    save(folder / T1, voxels())
    (folder / "IXI.xls").write_bytes(b"not a workbook")
    return folder


@kind(
    "folder", right=lambda rows: None if [row["scan"] for row in rows] == ["sub-ap1", "sub-bcp2"] else 1 / 0
)
def folder_of_much_else(folder: Path) -> Path:
    save(folder / "a" / "p1.nii", voxels())
    save(folder / "b c" / "p2.nii.gz", voxels(1))
    save(folder / ".trash" / "old.nii", voxels(2))
    save(folder / "a" / "._p1.nii", voxels(3))
    (folder / "a" / "notes.txt").write_text("no image")
    (folder / "b c" / "again").symlink_to(folder)
    return folder


@kind("folder", "DataError.*same subject and session")
def two_paths_with_one_name(folder: Path) -> Path:
    save(folder / "a-b.nii", voxels())
    save(folder / "ab.nii", voxels(1))
    return folder


@kind("folder", "DataError.*same voxels as")
def one_image_under_two_names(folder: Path) -> Path:
    save(folder / "p1.nii", voxels())
    save(folder / "copy" / "p2.nii.gz", voxels())
    return folder


@kind("folder", "DataError.*folder cannot be read|DataError.*has no scans")
def folder_that_is_a_symlink_loop(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "a")
    return folder


@kind("folder", "DataError.*path cannot be used.*wildcards")
def braces_in_a_name(folder: Path) -> Path:
    save(folder / "p{1}.nii", voxels())
    return folder


@kind("folder", "DataError.*id cannot be used")
def names_without_a_latin_letter(folder: Path) -> Path:
    save(folder / "患者.nii", voxels())
    return folder


@kind("folder", "DataError.*leads nowhere")
def t1_that_is_a_broken_link(folder: Path) -> Path:
    save(folder / "p1.nii", voxels())
    (folder / "p2.nii").symlink_to(folder / "gone.nii")
    return folder


@kind("folder", "DataError.*not 3-D")
def series_of_volumes(folder: Path) -> Path:
    save(folder / "p1.nii", np.stack([voxels(), voxels(1)], axis=-1))
    return folder


@kind("folder", right=lambda rows: None if [row["scan"] for row in rows] == ["sub-p1"] else 1 / 0)
def file_for_a_folder(folder: Path) -> Path:
    return save(folder / "p1.nii", voxels())
