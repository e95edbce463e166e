"""The template of the head maker, made of the SRI24 atlas once a session."""

from pathlib import Path

import pytest

from sadm.demo.phantom import Template, load_template, make_template


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
