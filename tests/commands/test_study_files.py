"""No command of ours hands Snakemake a study file that would run code."""

from pathlib import Path

import pytest

from sadm.commands import config_text, doctor, plan, prep, run
from sadm.commands.study_files import named, refuse_code
from sadm.runtime.errors import ConfigError

LADEN = {
    "top.yaml": "__use_yte__: true\n__definitions__:\n  - open({marker!r}, 'w')\nname: demo\n",
    "merged.yaml": "base: &b {{__use_yte__: true}}\n<<: *b\n__definitions__:\n  - open({marker!r}, 'w')\nname: demo\n",
    "escaped.yaml": '"__use_yte\\u005f_": true\n__definitions__:\n  - open({marker!r}, "w")\nname: demo\n',
    "study.json": '{{"__use_yte__": true, "name": "?open({marker!r}, chr(119))"}}',
    "tag.yaml": "name: !!python/object/apply:builtins.open [{marker!r}, w]\n",
}


def laden(folder: Path, name: str) -> tuple[Path, Path]:
    marker = folder / "marker"
    (folder / name).write_text(LADEN[name].format(marker=str(marker)))
    return folder / name, marker


@pytest.mark.parametrize("name", LADEN)
@pytest.mark.parametrize("command", [plan.main, doctor.main, config_text.main])
def test_a_study_that_runs_code_is_refused_by_the_commands_that_read_it(tmp_path, name, command):
    file, marker = laden(tmp_path, name)
    with pytest.raises(ConfigError, match=r"runs Python"):
        command([str(file)])
    assert not marker.exists()


@pytest.mark.parametrize("name", LADEN)
@pytest.mark.parametrize(
    "words",
    [["--configfile", "{}"], ["-n", "--configfiles={}", "--cores", "1"], ["--configfile", "{}", "-n"]],
)
def test_the_commands_that_start_snakemake_look_at_its_study_files_first(tmp_path, monkeypatch, name, words):
    file, marker = laden(tmp_path, name)
    words = [word.format(file) for word in words]
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("Snakemake was started"))
    for module in (run, prep):
        monkeypatch.setattr(module, "watch", lambda *_, **__: pytest.fail("Snakemake was started"))
    with pytest.raises(ConfigError, match=r"runs Python"):
        run.main(words)
    with pytest.raises(ConfigError, match=r"runs Python"):
        prep.call(tmp_path / "own.yaml", tmp_path, 1, words)
    assert not marker.exists()


def test_the_files_are_those_that_snakemake_takes():
    from snakemake.cli import get_argument_parser

    for words in (
        ["--configfile", "a", "b", "-n"],
        ["-n", "--configfiles=a"],
        ["--configfile=a", "--cores", "2"],
        ["all", "--configfiles", "a", "--config", "x=1"],
        ["--cores", "1"],
    ):
        taken = get_argument_parser().parse_known_args(words)[0].configfile or []
        assert list(named(words)) == list(map(str, taken))


@pytest.mark.parametrize("coding", ["latin-1", "utf-16"])
def test_a_study_in_another_coding_is_named(tmp_path, coding):
    (tmp_path / "study.yaml").write_bytes("name: Jörg\n".encode(coding))
    with pytest.raises(ConfigError, match="UTF-8"):
        refuse_code(["--configfile", str(tmp_path / "study.yaml")])
