"""The command sadm."""

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from sadm.commands.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]


def test_the_installed_script_is_this_function() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert [EntryPoint(name, place, "console_scripts").load() for name, place in scripts.items()] == [main]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_tells_how_it_is_called(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: sadm {command} ")


@pytest.mark.parametrize("words", [[], ["plna"]])
def test_another_word_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_an_error_of_ours_is_printed_without_a_trace(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^DataError: A csv file cannot be read"):
        main(["audit-csv", "--test", str(tmp_path / "none.csv")])


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from sadm.commands.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "sys.exit(bool({'torch', 'numpy', 'snakemake'} & set(sys.modules)))"
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\n"
    assert subprocess.run([sys.executable, "-c", path + code], capture_output=True).returncode == 0
