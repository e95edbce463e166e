"""The files that make a folder of results a BIDS derivative: its description, a page on what lies there, what is no BIDS."""

from collections.abc import Iterable, Mapping
from typing import Any

from sadm import __version__
from sadm.preprocess.derivative import SRI24, uri
from sadm.preprocess.quality import read_check
from sadm.runtime.files import write_json, write_text
from sadm.runtime.literal import markdown

LICENSE = "That of the source data; the space is that of SRI24 (Rohlfing et al. 2010, CC BY-SA 3.0)"
TEXTS = {
    "prep": (
        "prepared",
        f"""The T1 scans of the data set, prepared by sadm for one study: registered to SRI24 (<{SRI24}>) by an affine, skull-stripped,
bias-corrected, in [0, 1], on the study's grid. Each T1 was interpolated once, from its raw voxels.

- `*_space-SRI24_res-study_desc-preproc_T1w.nii.gz`: the prepared volume; with `desc-brain_mask` its brain mask, with
  `label-lesion_mask` its lesion label, all 0 where none was labelled.
- `*_space-SRI24affine_desc-brain_mask.nii.gz`: the brain mask as it was made, 1 mm. The space SRI24affine is the grid of SRI24 with
  the scan brought there by its head; the space SRI24, by its brain: a few mm apart.
- `*_from-T1w_to-SRI24affine_mode-image_xfm.mat`, `*_from-T1w_to-SRI24_mode-image_xfm.mat`: these two affines, from the T1 itself
  both; ITK files, which lead from SRI24's points to the scan's, as images are resampled.
- `*_biasfield.nii.gz`: the logarithm of the bias field on the study's grid, coarse, in the space SRI24.
- `*_qc.json`, `*_qc.png`: the checks, and a picture of each step.

A scan that failed its check is here, too: `passed` in its `*_qc.json`, and `../../qc/`. Where a step failed on a scan (`complete` is
false), its files hold the reason, no images; `.bidsignore` names them.
""",
        ("*_xfm.mat", "*_biasfield.nii.gz", "*_qc.json", "*_qc.png"),
    ),
    "native": (
        "results in the scans' own space",
        """What a study made of the T1 scans of the data set, brought back by sadm to the voxels of the raw T1s, under their geometry.

- `*_desc-brain_mask.nii.gz`: the brain mask.
- `*_label-lesion_mask.nii.gz`: the lesion label as the study's grid holds it.
- `*_desc-{row}fold{fold}_score.nii.gz`: the anomaly score of a row of the study's table, letters and digits of its name, in a fold.
- `*_label-anomaly_desc-{row}fold{fold}_mask.nii.gz`: where this score reaches the threshold that its sidecar names.

BIDS has no suffix for an anomaly score: it is no probability, as the sum of two maps goes to 2. So `.bidsignore` names the scores.
""",
        ("*_score.nii.gz", "*_score.json"),
    ),
}


def incomplete(qc: Iterable[str]) -> list[str]:
    """Patterns, as .bidsignore has them, of the files of scans on which a step failed; ``qc``: the checks of all."""
    paths = [uri(path).rpartition(":")[2] for path in qc if not read_check(path, ("complete",))["complete"]]
    return [f"{path.removesuffix('qc.json')}*" for path in paths]


def dataset_files(
    outputs: Mapping[str, str], *, kind: str, title: str, links: Mapping[str, str], qc: Iterable[str]
) -> None:
    """Write ``outputs`` description (JSON), readme and ignore of the data set ``title``; ``kind``: a key of TEXTS.

    ``links``: where other data sets lie that its files are made of, URIs by the names that BIDS URIs use. ``qc``: the checks of all its
    scans; files of those on which a step failed are no images, and named in ignore.
    """
    what, text, ignored = TEXTS[kind]
    described: dict[str, Any] = {
        "Name": f"{title}: {what}",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "License": LICENSE,
        "GeneratedBy": [{"Name": "sadm", "Version": __version__}],
        "SourceDatasets": [{"URL": place} for place in links.values()],
        "DatasetLinks": dict(links),
    }
    write_json(described, outputs["description"])
    page = f"# {markdown(described['Name'])}\n\n{text}\n`bids:raw:` in the sidecars is the folder of the source data: {links['raw']}\n"
    write_text(page, outputs["readme"])
    write_text("\n".join([*ignored, *incomplete(qc)]) + "\n", outputs["ignore"])
