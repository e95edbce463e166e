"""Declarations are read from syntax trees, and agree with what an import gives."""

from pathlib import Path

import pytest

from sadm.runtime.errors import ConfigError
from sadm.study import registry
from sadm.study.registry import Declares


@pytest.mark.parametrize("name", registry.names("data"))
def test_importers_declare_their_space(name: str) -> None:
    constants, options = registry.declared("data", name)
    assert constants["SPACE"] in {"native", "sri24", "study"}
    assert isinstance(constants["STRIPPED"], bool)
    assert "path" in options


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k in ("methods", "data") for n in registry.names(k)])
def test_each_setting_has_a_comment(kind: str, name: str) -> None:
    nameless = [field for field, said in registry.settings(kind, name).items() if not said["description"]]
    assert not nameless


def test_base_is_not_a_method() -> None:
    assert "base" not in registry.names("methods")
    assert "cddpm" in registry.names("methods")


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """What a method whose file holds ``line`` declares."""
    (tmp_path / "methods").mkdir()
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    caches = (registry.names, registry.method)

    def read(line: str) -> Declares:
        for name in ("one", "other"):
            (tmp_path / f"methods/{name}.py").write_text(f"import torch_that_is_nowhere\n{line}\n")
        for each in caches:
            each.cache_clear()
        return registry.method("one")

    yield read
    for each in caches:
        each.cache_clear()


def test_what_a_method_does_not_declare_has_its_default(declared) -> None:  # type: ignore[no-untyped-def]
    assert declared("DECLARES = Declares()") == Declares()
    said = declared(
        'DECLARES = Declares(needs=("other",), needs_if={"pretrained": "other"}, passes="t_test")'
    )
    assert said == Declares(needs=("other",), needs_if={"pretrained": "other"}, passes="t_test")
    assert (said.count({"t_test": [1, 2, 3]}), Declares().count({})) == (3, 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "declares nothing"),
        ("NEEDS = ()", "declares nothing"),
        ("DECLARE = Declares()", "declares nothing"),
        ('DECLARES = Declares(("other",))', "declares nothing"),
        ("DECLARES = Declares(reconstruct=True)", "'reconstruct'(.|\n)*did you mean 'reconstructs'"),
        ('DECLARES = Declares(needs=("othr",))', "needs: unknown 'othr'(.|\n)*did you mean 'other'"),
        ('DECLARES = Declares(needs_if={"a": "othr"})', "needs: unknown 'othr'"),
        ('DECLARES = Declares(trains_on="label")', "trains_on: unknown 'label'(.|\n)*did you mean 'labels'"),
        ("DECLARES = Declares(needs=tuple(NEEDS))", "is no literal"),
    ],
)
def test_a_slip_in_a_declaration_is_named(declared, line: str, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=words) as caught:
        declared(line)
    assert str(caught.value.file).endswith("methods/one.py")
    assert caught.value.fix


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no method 'cdpm'(.|\n)*did you mean 'cddpm'"):
        registry.method("cdpm")
