"""What the name of an image says."""

import pytest

from sadm.data.filenames import no_t1

PLAIN = [
    "p1", "a/p1_T1", "sub-01_T1w", "IXI002-Guys-0828-T1", "p_T1_brain", "PD_001", "baseline/p1", "tumour/p1", "p1_T1_brain_mask_applied",
    "BraTS-GLI-00001-000-t1n", "p1_mprage_2", "002", "lesion_study_007",
]  # fmt: skip
OTHERS = {
    "p1_mask": "a mask or label: mask", "p2_seg": "a mask or label: seg", "p2_FLAIR": "another contrast: flair",
    "p2_FLAIR_1": "another contrast: flair", "p1_T1_seg_2": "a mask or label: seg", "p1/brainmask": "a mask or label: brainmask",
    "x_hdbet_mask_native_t1": "a mask or label: mask", "masks/p1": "in a folder of others: masks", "labelsTr/p1": "in a folder of others: labelsTr",
    "derivatives/x/sub-1_T1w": "a derivative", "sourcedata/p1": "source data", "IXI002-Guys-0828-T2": "another contrast: t2",
    "BraTS2021_1_t1ce": "contrast agent: t1ce", "x-t1c": "contrast agent: t1c", "x-t2f": "another contrast: t2f",
    "sub-1_ce-gd_T1w": "contrast agent: ce-gd", "sub-1_part-phase_T1w": "no magnitude: part-phase", "p1_T1_Gd": "contrast agent: gd",
    "sub-1_label-GM_probseg": "a mask or label: probseg", "p07/T2w": "another contrast: t2w", "p1_PD": "another contrast: pd",
    "p1_aparc": "a mask or label: aparc", "p1_bold": "another contrast: bold", "p1_lesion": "a mask or label: lesion",
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_that_may_be_a_t1s(name: str) -> None:
    assert no_t1(name) == ""


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_that_says_something_else(name: str) -> None:
    assert no_t1(name) == OTHERS[name]
    assert no_t1(name, "**") == OTHERS[name]


@pytest.mark.parametrize(
    ("name", "asked"),
    [("p2_FLAIR", "*_FLAIR"), ("p07/FLAIR", "*/FLAIR"), ("s_ce-gd_T1w", "*_ce-*_T1w"), ("labelsTr/p1", "labelsTr/*"), ("p_mask", "*_mask")],
)  # fmt: skip
def test_what_the_pattern_names_is_wanted(name: str, asked: str) -> None:
    assert no_t1(name, asked) == ""
    assert no_t1(name, "*_T1w") != ""
