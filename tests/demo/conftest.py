"""The SRI24 atlas as the pipeline has it, and the template made of it once a session."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.demo.template import Template, load_template, make_template
from sadm.io import save_nifti


@pytest.fixture(scope="session")
def atlas(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """SRI24 head and brain, canonical RAS."""
    folder = tmp_path_factory.mktemp("atlas")
    for source, name in (("t1_brats_space", "head"), ("spgr", "brain")):
        image = nib.as_closest_canonical(
            nib.funcs.squeeze_image(nib.load(shared_data / f"sri24/{source}.nii.gz"))
        )
        save_nifti(np.asarray(image.dataobj), image.affine, folder / f"sri24_{name}.nii.gz")
    return folder / "sri24_head.nii.gz", folder / "sri24_brain.nii.gz"


@pytest.fixture(scope="session")
def template_file(atlas: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as a file."""
    out = tmp_path_factory.mktemp("template") / "template.npz"
    make_template(*atlas, out)
    return out


@pytest.fixture(scope="session")
def template(template_file: Path) -> Template:
    """The template."""
    return load_template(template_file)
