"""Declarations are read from syntax trees, and agree with what an import gives."""

import pytest

from sadm.study import registry


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
