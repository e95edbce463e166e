"""Kill the smallest study at random moments, go on after each kill, and compare all that comes out with an undisturbed run.

python tests/workflow/campaign.py FOLDER [--kills 50] [--longest 8] [--cores 2] [--seed 1]

FOLDER/undisturbed is one whole run. FOLDER/killed is the run whose process group gets SIGKILL, 0 to --longest seconds, and what
planning takes, after each start; then every file there is compared, `snakemake --unlock` and the same command follow. One half
of the kills hit the study from raw heads on (leg "clean"), the other half the rules that were spared so far, made anew by
--forcerun, from the last to the first (leg "forced"). Each leg ends with a run without kills. FOLDER/events.jsonl grows by a line a kill, FOLDER/campaign.json sums up. It
may be stopped (Ctrl-C, SIGTERM) and started again with the same words.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kills

ROOT = Path(__file__).resolve().parents[2]
STUDY = [ROOT / "config.yaml", ROOT / "studies/ci.yaml"]
TABLE = "results/table1.csv"


@dataclass
class Campaign:
    """A campaign in ``folder``."""

    folder: Path
    kills: int
    longest: float
    cores: int
    seed: int

    def start(self, run: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Snakemake in the folder ``run``."""
        place = self.folder / run
        place.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", place]
        words += ["--cores", self.cores, "--workflow-profile", ROOT / "profiles/default"]
        words += [*arguments, "--configfile", *STUDY]
        variables = os.environ | {"PYTHONHASHSEED": "0"}
        return kills.start(list(map(str, words)), self.folder / f"{run}.log", variables)

    def finish(self, run: str, *arguments: str, after: float | None = None) -> bool:
        """Whether Snakemake in the folder ``run`` ended well within ``after`` seconds; if not, it is killed with its group.

        SystemExit if it failed by itself.
        """
        process = self.start(run, *arguments)
        try:
            code = process.wait(after)
        except subprocess.TimeoutExpired:
            return kills.end(process) == 0
        finally:
            kills.end(process)
        if code:
            raise SystemExit(f"snakemake {' '.join(arguments)} failed: {self.folder / run}.log")
        return True

    @property
    def events(self) -> list[dict[str, Any]]:
        """What has happened so far."""
        path = self.folder / "events.jsonl"
        return list(map(json.loads, path.read_text().splitlines())) if path.exists() else []

    def note(self, **event: Any) -> None:
        """Add a line to the events."""
        with open(self.folder / "events.jsonl", "a", encoding="utf-8") as stream:
            print(json.dumps(event), file=stream, flush=True)

    def run(self) -> None:
        """All that is left of the campaign."""
        known = self.undisturbed()
        for leg, last in (("clean", self.kills // 2), ("forced", self.kills)):
            if leg not in [event["leg"] for event in self.events if event["kind"] == "leg"]:
                self.leg(leg, last, known)
        self.sum_up(known)

    def undisturbed(self) -> dict[str, Any]:
        """Of the undisturbed run, made if it is absent: checksums, the rule of each file, and the rules, the last one first."""
        path, place = self.folder / "undisturbed.json", self.folder / "undisturbed"
        if not path.exists():
            self.finish("undisturbed", "--unlock")
            self.finish("undisturbed")
            rules = kills.rules(place)
            ended = {rule: (place / name).stat().st_mtime for name, rule in rules.items()}
            order = sorted(ended, key=lambda rule: ended[rule], reverse=True)
            path.write_text(json.dumps({"files": kills.checksums(place), "rules": rules, "order": order}))
        known: dict[str, Any] = json.loads(path.read_text())
        return known

    def leg(self, leg: str, last: int, known: dict[str, Any]) -> None:
        """Run the study under kills up to the kill ``last``, then to its end, and compare what it left."""
        before = [event for event in self.events if event["kind"] == "kill" and event["leg"] != leg]
        hit = {"atlas"}.union(*(event["rules"] for event in before))  # the atlas is fetched: once is enough
        order = [rule for rule in known["order"] if rule not in hit] or known["order"]
        while True:
            began = time.monotonic()
            self.finish("killed", "--unlock")
            planning = time.monotonic() - began
            made = sum(event["kind"] == "kill" for event in self.events)
            if made >= last:
                self.finish("killed")
                break
            rule = order[(made - len(before)) * len(order) // (last - len(before))]
            after = random.Random(f"{self.seed}/{len(self.events)}").uniform(0, self.longest + planning)
            since = time.time()
            if not self.finish("killed", *(["--forcerun", rule] if leg == "forced" else []), after=after):
                self.look(leg, after, since, known)
            elif leg == "clean":
                break
            else:
                self.note(kind="spared", leg=leg)
        self.compare(leg, known["files"])

    def look(self, leg: str, after: float, since: float, known: dict[str, Any]) -> None:
        """Note a kill ``after`` seconds, and what ran then; SystemExit if a file is wrong."""
        place = self.folder / "killed"
        hit = sorted({known["rules"].get(name, "?") for name in kills.being_made(place, since)})
        bad, left = kills.wrong(place, known["files"]), len(kills.leftovers(place))
        self.note(kind="kill", leg=leg, after_s=round(after, 2), rules=hit, left=left, wrong=bad)
        if bad:
            raise SystemExit(f"After a kill these files are wrong: {bad}")

    def compare(self, leg: str, files: dict[str, str]) -> None:
        """Note how many of ``files`` are there and equal at the end of a leg; SystemExit unless all are, and no others."""
        place = self.folder / "killed"
        found = kills.checksums(place)
        equal = sum(found.get(name) == digest for name, digest in files.items())
        bad = sorted({*kills.wrong(place, files), *kills.leftovers(place), *(files.keys() ^ found.keys())})
        self.note(kind="leg", leg=leg, files=len(files), equal=equal, wrong=bad, table1=found.get(TABLE))
        if bad:
            raise SystemExit(f"At the end these files are wrong, absent or too many: {bad}")

    def sum_up(self, known: dict[str, Any]) -> None:
        """Write campaign.json."""
        made = [event for event in self.events if event["kind"] == "kill"]
        hit = Counter(rule for event in made for rule in event["rules"] or ["(planning)"])
        git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
        about = {
            "commit": subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip(),
            "date": time.strftime("%Y-%m-%d"),
            "command": f"campaign.py FOLDER --kills {self.kills} --longest {self.longest:g} --cores {self.cores} --seed {self.seed}",
            "kills": len(made),
            "kills_by_running_rule": dict(sorted(hit.items())),
            "kills_that_left_half_written_files": sum(event["left"] > 0 for event in made),
            "wrong_files": sum(len(event.get("wrong", [])) for event in self.events),
            "not_compared": kills.RUN_TIMES,
            "table1_undisturbed": known["files"][TABLE],
            "legs": [event for event in self.events if event["kind"] == "leg"],
        }
        text = json.dumps(about, indent=1) + "\n"
        (self.folder / "campaign.json").write_text(text, encoding="utf-8")
        print(text)


def main() -> None:
    """Read the command line and run."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path)
    words.add_argument("--kills", type=int, default=50)
    words.add_argument("--longest", type=float, default=8, help="seconds")
    words.add_argument("--cores", type=int, default=2)
    words.add_argument("--seed", type=int, default=1)
    given = vars(words.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    Campaign(**given | {"folder": given["folder"].resolve()}).run()


if __name__ == "__main__":
    main()
