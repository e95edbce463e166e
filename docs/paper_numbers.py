"""The page paper-numbers.md: every number of studies/paper.yaml, from the resolved study and the schema: make schema."""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from sadm.study import registry  # noqa: E402
from sadm.study.config import schema  # noqa: E402
from sadm.study.keys import SECTIONS  # noqa: E402
from sadm.study.loader import raw_config  # noqa: E402
from sadm.study.study import Study  # noqa: E402

PAGE = ROOT / "docs/paper-numbers.md"
HEAD = """# Every number of the paper's study

Made by docs/paper_numbers.py (`make schema`) from `studies/paper.yaml` and the defaults; which are the paper's and which are ours is told
in [protocol.md](protocol.md). A key of a study has the name `section.key`, a hyper-parameter `hyper.METHOD.key`. `small` are the
values of `size: small`, with the epochs, slices and banks of a study to be set beside them.
"""


def shown(value: Any) -> str:
    """A value as YAML would have it, without line breaks."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    names = {None: "null", True: "true", False: "false"}
    return names[value] if value is None or isinstance(value, bool) else f"{value}".replace("|", "\\|")


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def section(study: Study, name: str) -> str:
    """The keys of a section with their values and meanings."""
    said = schema()["properties"][name]
    rows = [[f"`{key}`", shown(value), said["properties"][key]["description"].replace("|", "\\|")]
            for key, value in study.section(name).items()]  # fmt: skip
    return f"\n## {name}\n\n{said['description']}\n\n" + table(["key", "value", "meaning"], rows)


def method(study: Study, name: str) -> str:
    """The hyper-parameters of a method with their values and meanings."""
    model = next(model for model in study.models if study.method(model) == name)
    small = registry.constants(f"methods/{name}").get("SMALL", {})
    rows = [
        [f"`{key}`", shown(study.hyper(model)[key]), shown(small[key]) if key in small else "", said["description"].replace("|", "\\|")]
        for key, said in registry.settings("methods", name).items()
    ]  # fmt: skip
    return f"\n## hyper.{name}\n\n" + table(["key", "paper", "small", "meaning"], rows)


def page() -> str:
    """The whole page."""
    study = Study.from_config(raw_config([ROOT / "studies/paper.yaml"]))
    keys = ("importer", "brain", "annotated", "annotated_val")
    sets = table(
        ["data set", *keys],
        [[name, *(shown(said[key]) for key in keys)] for name, said in study.datasets.items()],
    )
    rows = table(["row", "maps"], [[row, f"`{terms}`"] for row, terms in study.config["rows"].items()])
    parts = [
        HEAD,
        f"\n## Data sets\n\n{sets}",
        f"\n## Rows\n\n{rows}",
        *(section(study, name) for name in SECTIONS),
    ]
    return "".join([*parts, *(method(study, name) for name in registry.names("methods"))])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
