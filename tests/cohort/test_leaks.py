"""Covers sadm.cohort.audit, sadm.commands.audit_csv: leaks of many kinds, put into a clean study one at a time: each is refused by name."""

import csv
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.cohort import audit as used
from sadm.cohort.audit import audit, audit_used, identity
from sadm.cohort.examine import fingerprint
from sadm.cohort.splits import read
from sadm.evaluation import thresholds
from sadm.runtime.errors import SplitError

Rows = list[dict[str, str]]
FOLDS, KINDS = (0, 1), ("testset", "validation", "healthy_5")
# Of fold 0; fold 1 validates on subject 3.
SETS = {0: "test", 1: "test", 2: "val", 3: "train", 4: "train", 5: "train"}


def voxels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 20, (6, 7, 8)).astype(np.float32)


def print_of(data: np.ndarray) -> str:
    return fingerprint(nib.Nifti1Image(data, np.eye(4)))


def line(row: str, fold: int, seed: int, testset: str, **more: str) -> dict[str, str]:
    """A line of scores or thresholds."""
    return {"row": row, "fold": str(fold), "seed": str(seed), "testset": testset, **more}


class Study:
    """Tables of a study in memory: sheets, splits, scores, thresholds and healthy, to be changed before `run`."""

    def __init__(self) -> None:
        self.sheets, self.splits = dict[str, Rows](), dict[str, Rows]()
        for d, name in enumerate(("ixi", "brats")):
            scans = [(n, k, f"sub-{name}{n:02}ses{k}") for n in SETS for k in (1, 2)]
            self.sheets[name] = [
                {"dataset": name, "subject": f"{name}{n:02}", "scan": scan, "t1": f"{scan}.nii", "sha256": print_of(voxels(100 * d + 10 * n + k))}
                for n, k, scan in scans
            ]  # fmt: skip
            self.splits[name] = [
                {"dataset": name, "scan": scan, "subject": f"{name}{n:02}", "fold": str(fold), "set": self.part(name, n, fold)}
                for fold in FOLDS for n, _, scan in scans
            ]  # fmt: skip
        sources = {"brats": "brats", "draem": "ixi"}
        self.sources, keys = sources, [("row", fold, 1) for fold in FOLDS]
        self.scores = {
            (*k, t): [line(*k, t, scan=s) for s in self.of(d, "test", k[1])]
            for k in keys
            for t, d in sources.items()
        }
        self.healthy = {k: [line(*k, "brats", scan=s) for s in self.of("ixi", "test", k[1])] for k in keys}
        self.released = {k: [self.subset(k[1])] for k in keys}
        self.thresholds = {
            k: [self.threshold(t, kind, k[1]) for t in sources for kind in KINDS] for k in keys
        }

    @staticmethod
    def part(name: str, n: int, fold: int) -> str:
        """Folds differ in the healthy data set only."""
        return {2: "train", 3: "val"}.get(n, SETS[n]) if fold and name == "ixi" else SETS[n]

    def of(self, name: str, part: str, fold: int) -> list[str]:
        return [r["scan"] for r in self.splits[name] if r["set"] == part and r["fold"] == str(fold)]

    def threshold(self, testset: str, kind: str, fold: int) -> dict[str, str]:
        dataset = "ixi" if kind.startswith("healthy") else self.sources[testset]
        scans = self.of(dataset, "test" if kind == "testset" else "val", fold)
        return line("row", fold, 1, testset, kind=kind, value="0.5", dataset=dataset, scans=",".join(scans))

    def subset(self, fold: int) -> dict[str, str]:
        """The released threshold, fitted on the whole annotated subset of brats."""
        scans = ",".join(self.of("brats", "train", fold) + self.of("brats", "val", fold))
        return line("row", fold, 1, "brats", kind="subset_greedy", value="0.4", dataset="brats", scans=scans)

    def run(self, folder: Path) -> None:
        names = list(self.sheets)
        sheets = [write(folder / f"{n}_sheet.tsv", self.sheets[n]) for n in names]
        splits = [write(folder / f"{n}_splits.tsv", self.splits[n]) for n in reversed(names)]
        audit(splits, sheets, folder / "audit.tsv")
        used = [
            [write(folder / f"{what}{'_'.join(map(str, key))}.tsv", rows) for key, rows in table.items()]
            for what, table in (
                ("scores", self.scores),
                ("thresholds", self.thresholds),
                ("healthy", self.healthy),
                ("released", self.released),
            )
        ]
        audit_used(*used[:3], splits, self.sources, "ixi", folder / "used.tsv", used[3])

    def move(self, scan: str, part: str, fold: int | None = None) -> None:
        """Put a scan into another set, in one fold or in all."""
        for row in self.splits[scan[4:].rstrip("0123456789").removesuffix("ses").rstrip("0123456789")]:
            if row["scan"] == scan and fold in (None, int(row["fold"])):
                row["set"] = part

    def same(self, scan: str, data: np.ndarray) -> None:
        """Give a scan the voxels ``data``."""
        next(r for rows in self.sheets.values() for r in rows if r["scan"] == scan)["sha256"] = print_of(data)

    def rename(self, name: str, n: int, subject: str) -> None:
        """Spell the second session's subject another way, and let it be tested or trained on the other side."""
        scan = f"sub-{name}{n:02}ses2"
        for row in (*self.sheets[name], *self.splits[name]):
            if row["scan"] == scan:
                row["subject"] = subject
        self.move(scan, "train" if SETS[n] == "test" else "test")

    def fitted(self, kind: str, scans: str, fold: int = 0) -> None:
        """Let the thresholds of a kind say that they were fitted on ``scans``."""
        for line in self.thresholds["row", fold, 1]:
            if line["kind"] == kind:
                line["scans"] = scans


def write(path: Path, rows: Rows) -> Path:
    with open(path, "w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


LEAKS: dict[str, tuple[Callable[[Study], object], str]] = {
    "two sessions, train and test": (lambda s: s.move("sub-ixi00ses2", "train"), "subject ixi00"),
    "two sessions, train and validation": (lambda s: s.move("sub-ixi02ses2", "train", 0), "subject ixi02"),
    "two sessions, validation and test": (lambda s: s.move("sub-brats02ses1", "test"), "subject brats02"),
    "a subject in two sets of one fold only": (lambda s: s.move("sub-ixi03ses1", "test", 1), "subject ixi03"),
    "a test subject trained on in another fold": (lambda s: [s.move(f"sub-ixi00ses{k}", "train", 1) for k in (1, 2)], "different folds"),
    "a test subject validated on in another fold": (lambda s: [s.move(f"sub-ixi01ses{k}", "val", 1) for k in (1, 2)], "different folds"),
    "an annotated training subject tested in another fold": (lambda s: [s.move(f"sub-brats04ses{k}", "test", 1) for k in (1, 2)], "different folds"),
    "the same image under another name": (lambda s: s.same("sub-ixi04ses1", voxels(1)), "image .*sub-ixi00ses1, sub-ixi04ses1"),
    "the same image in other axes": (lambda s: s.same("sub-ixi04ses1", voxels(1).transpose(2, 1, 0)), "image .*sub-ixi00ses1"),
    "the same image mirrored": (lambda s: s.same("sub-brats05ses1", voxels(101)[::-1]), "image .*sub-brats00ses1"),
    "the same image padded": (lambda s: s.same("sub-ixi02ses1", np.pad(voxels(1), 2)), "image .*sub-ixi00ses1"),
    "the same image in validation and training": (lambda s: s.same("sub-brats02ses1", voxels(131)), "train and val"),
    "a subject's id in another case": (lambda s: s.rename("ixi", 0, "IXI00"), "subject IXI00/ixi00"),
    "a subject's id with other padding": (lambda s: s.rename("brats", 4, "brats4"), "subject brats04/brats4"),
    "a subject's id with another separator": (lambda s: s.rename("ixi", 1, "sub-ixi_01"), "subject ixi01/sub-ixi_01"),
    "another subject in the splits than in the sheet": (lambda s: s.splits["ixi"][0].update(subject="ixi77"), "is of subject ixi77"),
    "a scan that no sheet has": (lambda s: s.splits["ixi"].append(s.splits["ixi"][0] | {"scan": "sub-new"}), "sub-new"),
    "a scan twice in a set": (lambda s: s.splits["ixi"].append(dict(s.splits["ixi"][0])), "twice in test"),
    "a healthy scan in two data sets": (lambda s: s.same("sub-brats00ses1", voxels(31)), "ixi/sub-ixi03ses1 .* and brats/sub-brats00ses1"),
    "a threshold fitted on a test scan": (lambda s: s.fitted("validation", "sub-brats02ses1,sub-brats00ses1"), "validation saw brats/sub-brats00ses1, which is in test"),
    "a healthy threshold fitted on healthy test scans": (lambda s: s.fitted("healthy_5", "sub-ixi00ses1"), "healthy_5 saw"),
    "a threshold fitted on training scans": (lambda s: s.fitted("validation", "sub-brats03ses1"), "in train, not val"),
    "a threshold fitted on another fold's validation scan": (lambda s: s.fitted("healthy_5", "sub-ixi03ses1"), "in train, not val"),
    "a threshold that does not tell": (lambda s: s.fitted("validation", ""), "does not tell"),
    "a threshold fitted on an unknown scan": (lambda s: s.fitted("healthy_5", "sub-x"), "in no set"),
    "the released threshold among ours": (lambda s: s.thresholds["row", 0, 1].append(s.subset(0)), "subset_greedy is not for that table"),
    "a threshold of ours fitted as the released one": (lambda s: s.fitted("validation", s.subset(0)["scans"]), "in train, not val"),
    "another kind in the released one's place": (lambda s: s.released["row", 0, 1].append(s.threshold("brats", "validation", 0)), "validation is not for that table"),
    "the released threshold fitted on a test scan": (lambda s: s.released["row", 1, 1][0].update(scans="sub-brats03ses1,sub-brats01ses2"), "in test, not train or val"),
    "the released threshold that does not tell": (lambda s: s.released["row", 1, 1][0].update(scans=""), "does not tell"),
    "a DRAEM test made from a training scan": (lambda s: s.scores["row", 0, 1, "draem"].append(line("row", 0, 1, "draem", scan="sub-ixi04ses1")), "scores saw ixi/sub-ixi04ses1"),
    "a validation scan scored as a test scan": (lambda s: s.scores["row", 1, 1, "brats"].append(line("row", 1, 1, "brats", scan="sub-brats02ses1")), "fold 1, brats: scores saw"),
    "false positives counted on a training scan": (lambda s: s.healthy["row", 0, 1].append(line("row", 0, 1, "brats", scan="sub-ixi05ses1")), "healthy saw ixi/sub-ixi05ses1"),
}  # fmt: skip


def test_a_clean_study_passes(tmp_path: Path) -> None:
    Study().run(tmp_path)
    used = read(tmp_path / "used.tsv")
    assert len(used) == 4 + 2 + 12 + 2
    (whole, _) = (line for line in used if line["use"] == "subset_greedy")
    assert (whole["set"], whole["scans"]) == ("train or val", "8")


def test_a_study_without_the_released_threshold_passes(tmp_path: Path) -> None:
    study = Study()
    study.released = {}
    study.run(tmp_path)
    assert len(read(tmp_path / "used.tsv")) == 4 + 2 + 12


@pytest.mark.parametrize("kind", LEAKS)
def test_each_leak_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    study = Study()
    change, said = LEAKS[kind]
    change(study)
    with pytest.raises(SplitError, match=said):
        study.run(tmp_path)
    assert not (tmp_path / "used.tsv").exists()


def test_the_audit_and_the_evaluation_call_the_kinds_alike() -> None:
    assert (used.ORACLE, used.SUBSET) == (thresholds.ORACLE, thresholds.SUBSET)


def test_there_are_at_least_twenty_kinds() -> None:
    assert len(LEAKS) >= 20


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Müller1", "Mu\u0308ller01", True), ("Müller1", "Möller1", False), ("IXI002", "ixi_2", True), ("sub-01", "1", True), ("s1_2", "s12", False), ("R001s002", "r1S2", True), ("IXI20", "IXI002", False)],
)  # fmt: skip
def test_identity_of_subjects(one: str, other: str, same: bool) -> None:
    assert (identity(one) == identity(other)) is same
