"""Study files."""

import json
from pathlib import Path

import yaml
from breaking import ODD, Draw, broken, edited

from sadm.study import registry
from sadm.study.loader import DEMO, raw_config
from sadm.study.study import Study


def setting(folder: Path, draw: Draw) -> str:
    """A study file: one to three values replaced, or its bytes."""
    config = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    for _ in range(draw.randint(1, 3)):
        hyper = config.setdefault("hyper", {})
        method = draw.choice(registry.names("methods"))
        whole = isinstance(hyper, dict) and isinstance(hyper.setdefault(method, {}), dict)  # not yet edited
        if draw.random() < 0.4 and whole:
            hyper[method][draw.choice(list(registry.settings("methods", method)))] = draw.choice(ODD)
        else:
            config = edited(config, draw)
        if not isinstance(config, dict):
            break
    file = folder / draw.choice(["study.yaml", "study.json"])
    text = (
        yaml.safe_dump(config, allow_unicode=draw.random() < 0.5)
        if file.suffix == ".yaml"
        else json.dumps(config)
    )
    content = text.encode(draw.choice(["utf-8"] * 6 + ["utf-16", "latin-1"]), "replace")
    file.write_bytes(broken(content, draw) if draw.random() < 0.2 else content)
    study = Study.from_config(raw_config([file]))
    assert study.name, "no study"
    return f"{len(study.rows)} rows"
