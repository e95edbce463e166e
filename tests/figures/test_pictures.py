"""Pictures are drawn of every test set; their bytes repeat."""

from pathlib import Path

from small_study import LAYOUT, make

from sadm.figures.pictures import pictures
from sadm.figures.results import Results
from sadm.study.layout import Layout

NAMES = ("les_cases", "les_methods", "draem_cases", "draem_methods", "anomalies")


def test_bytes_repeat(tmp_path: Path):
    about, files = make(tmp_path / "in")
    results = Results.of(files, Layout(**LAYOUT), about, 2)
    for run in "ab":
        out = {name: [tmp_path / run / f"{name}.{kind}" for kind in ("png", "svg")] for name in NAMES}
        pictures(results, tmp_path / "in/ixi/t1.npy", out)
    first = sorted((tmp_path / "a").iterdir())
    assert len(first) == 10
    for file in first:
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
