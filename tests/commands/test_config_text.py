"""What `sadm config` prints is the whole study, and a study file."""

from pathlib import Path

import pytest

from sadm.commands.config_text import main, plain
from sadm.commands.main import main as sadm
from sadm.study.loader import raw_config
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "names", [(), ("config.yaml", "studies/ci.yaml"), ("studies/paper.yaml", "studies/released.yaml")]
)
def test_what_is_printed_is_the_same_study(
    names: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(ROOT / name) for name in names]
    main(files)
    (tmp_path / "printed.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    printed, study = (Study.from_config(raw_config(each)) for each in ([tmp_path / "printed.yaml"], files))
    assert plain(printed.whole) == plain(study.whole)
    assert study.whole["hyper"].keys() == {model.replace("-", "@", 1) for model in study.models}


def test_keys_lie_over_files(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--config", "hyper={ae: {epochs: 210}}", "brain={tta: false}", "name=12"])
    said = capsys.readouterr().out
    assert "epochs: 210" in said
    assert "tta: false" in said
    assert "name: '12'" in said


@pytest.mark.parametrize("pair", ["grid={crop: 99}", "grid", "grid={crop"])
def test_an_error_has_one_line_for_what_it_is(pair: str) -> None:
    with pytest.raises(SystemExit, match=r"^ConfigError: "):
        sadm(["config", "--config", pair])
