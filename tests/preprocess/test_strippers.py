"""The tools that strip: which one a study's words choose, what their masks hang on, and where they run."""

import pytest

from sadm.preprocess import strippers
from sadm.runtime.errors import MissingWeightsError, ProcessingError

SETTINGS = {"models": 3, "tta": False}


def choose(method: str, weights: str, **settings: object) -> strippers.Stripper:
    return strippers.choose(method, weights, settings, "cpu", 1)


def test_the_words_of_a_study_choose_the_tool_and_its_masks_hang_on_their_settings(tmp_path):
    assert choose("deepbet", "").name == "deepbet"
    weights = str(tmp_path / "w.safetensors")
    made = {choose("hd-bet", weights, models=m, tta=t).made_of for m in (1, 5) for t in (True, False)}
    assert len(made) == 4
    with pytest.raises(MissingWeightsError, match=r"dataset\.json"):
        choose("hd-bet", "", tta=True, hdbet_parameters=str(tmp_path))


def test_only_parameters_that_a_user_sees_to_are_named(tmp_path):
    assert choose("deepbet", "").parameters is None
    assert choose("hd-bet", str(tmp_path / "w"), **SETTINGS).parameters == tmp_path / "w"


def test_an_absent_gpu_is_named(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert strippers.choose_device("auto") == "cpu"
    with pytest.raises(ProcessingError, match=r"brain\.device"):
        strippers.choose_device("cuda")


def test_a_job_takes_its_own_gpu(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(strippers, "own_gpu", lambda: 1)
    assert [strippers.choose_device(d) for d in ("auto", "cuda", "cpu")] == ["cuda:1", "cuda:1", "cpu"]
