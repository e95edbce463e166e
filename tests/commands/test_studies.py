"""The files of a study make the config that Snakemake makes of them."""

from pathlib import Path

import pytest

from sadm.commands.studies import ROOT, config_of, merged
from sadm.runtime.errors import ConfigError


def test_files_are_laid_on_the_demo_unless_they_name_data_sets() -> None:
    assert config_of([])["name"] == "demo"
    ci = config_of([ROOT / "config.yaml", ROOT / "studies/ci.yaml"])
    assert ci == config_of([ROOT / "studies/ci.yaml"])
    assert ci["datasets"]["stroke"]["title"] == "demo stroke"
    assert ci["datasets"]["stroke"]["options"]["count"] == 3
    assert list(config_of([ROOT / "studies/paper.yaml"])["datasets"]) == ["ixi", "brats", "atlas"]


@pytest.mark.parametrize("content", [None, "{", "- a\n- b\n", "grid: {shape: [1]}\n"])
def test_a_file_that_is_no_study_is_named(tmp_path: Path, content: str | None) -> None:
    first, path = tmp_path / "first.yaml", tmp_path / "study.yaml"
    first.write_text("grid: text\n")
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"cannot be read(.|\n)*study\.yaml"):
        merged([first, path])
