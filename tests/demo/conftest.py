"""The phantom of the head maker, made of the SRI24 template once a session."""

from pathlib import Path

import pytest

from sadm.demo.phantom import Phantom, load_phantom, make_phantom


@pytest.fixture(scope="session")
def demo_phantom_file(template: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom as a file."""
    out = tmp_path_factory.mktemp("phantom") / "phantom.npz"
    make_phantom(*template, out)
    return out


@pytest.fixture(scope="session")
def demo_phantom(demo_phantom_file: Path) -> Phantom:
    """The phantom."""
    return load_phantom(demo_phantom_file)
