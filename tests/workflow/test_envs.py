"""Covers envs/: the conda environments are the lock file's pins, and hold what their rules import."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command import ROOT

sys.path.insert(0, str(ROOT / "envs"))
import make

ENVIRONMENTS = sorted(make.DIRECT)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment_files_are_the_generated_ones(name: str) -> None:
    assert (ROOT / "envs" / f"{name}.yaml").read_text() == make.text(make.DIRECT[name]), "run: make schema"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_pins_are_the_lock_files(name: str) -> None:
    pins = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())["dependencies"][-1]["pip"]
    assert set(pins) <= set(make.locked().values())
    direct = {make.normal(package) for package in make.DIRECT[name]}
    assert direct <= {make.normal(pin.split("==")[0]) for pin in pins}


def test_lock_file_is_plain_pins() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert len(lines) > 100
    assert not [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.!]+", line)]


def test_lock_file_is_what_is_installed() -> None:
    from importlib.metadata import PackageNotFoundError, version

    differing = []
    for name, line in make.locked().items():
        try:
            installed = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue  # of another platform
        differing += [] if line.endswith(f"=={installed}") else [f"{line}: {installed}"]
    assert not differing


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_environment_alone_imports_what_its_rules_need(ran, name: str) -> None:  # type: ignore[no-untyped-def]
    """Snakemake hands its own sys.path on, which would hide a package missing from an environment: so ask it alone."""
    rules = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    scripts = re.findall(
        rf'conda:\s+"../../envs/{name}.yaml".*?script:\s+"../scripts/(\w+\.py)"', rules, re.DOTALL
    )
    lines = [line.split("\t") for line in ran("--list-conda-envs").stdout.splitlines()]
    environments = {Path(line[0]).stem: line[-1] for line in lines if line[0].endswith(".yaml")}
    python = Path(ran.folder, environments[name], "bin", "python")
    assert scripts
    for script in scripts:
        tree = ast.parse((ROOT / "workflow/scripts" / script).read_text())
        imports = [
            ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        code = "\n".join(["import sys", f"sys.path.insert(0, {str(ROOT / 'src')!r})", *imports])
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, f"{script} in {name}: {done.stderr}"
