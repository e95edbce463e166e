"""Kill the smallest study at random moments, go on after each kill, and compare all that comes out with an undisturbed run.

python tests/workflow/campaign.py FOLDER [--kills 50] [--longest 8] [--cores 2] [--seed 1]

FOLDER/undisturbed is one whole run. Half of the kills hit a run from raw heads on, FOLDER/clean; the others hit what follows
preprocessing, a rule a kill, the last one first, made anew by --forcerun in FOLDER/forced, a copy of the undisturbed run.
SIGKILL goes to the process group: one kill in five while Snakemake plans, the others 0 to --longest seconds after the first job
began. After each, every file is compared; then `snakemake --unlock`, and the same command again. In the end both go on without
kills. FOLDER/events.jsonl grows by a line a kill, FOLDER/campaign.json sums up. The campaign may be stopped (Ctrl-C, SIGTERM)
and started again with the same words; with --legs one half runs alone.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kills
from command import ROOT, snakemake

TABLE = "results/table1.csv"
PLANNING = 0.2  # share of the kills that come before the first job


@dataclass
class Campaign:
    """A campaign in ``folder``."""

    folder: Path
    kills: int
    longest: float
    cores: int
    seed: int
    legs: list[str]

    def start(self, run: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Snakemake in the folder ``run``."""
        place = self.folder / run
        place.mkdir(parents=True, exist_ok=True)
        words = snakemake(place, "--cores", self.cores, *arguments)
        return kills.start(words, self.folder / f"{run}.log", os.environ | {"PYTHONHASHSEED": "0"})

    def finish(self, run: str, *arguments: str) -> float:
        """Seconds that Snakemake took in the folder ``run``. SystemExit if it failed."""
        began = time.monotonic()
        process = self.start(run, *arguments)
        try:
            if process.wait():
                raise SystemExit(f"snakemake {' '.join(arguments)} failed: {self.folder / run}.log")
        finally:
            kills.end(process)
        return time.monotonic() - began

    def kill(self, run: str, *arguments: str, planning: float, draw: random.Random) -> bool:
        """Start Snakemake in the folder ``run`` and kill its group at a moment drawn; False if it was done before."""
        since = time.time()
        process = self.start(run, *arguments)
        try:
            if draw.random() < PLANNING:
                process.wait(draw.uniform(0, planning))
            else:
                place = self.folder / run
                kills.await_(lambda: kills.being_made(place, since) or process.poll() is not None, 600)
                process.wait(draw.uniform(0, self.longest))
        except subprocess.TimeoutExpired:
            return kills.end(process) != 0
        finally:
            kills.end(process)
        return False

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
        if not (self.folder / "forced").exists():
            shutil.copytree(self.folder / "undisturbed", self.folder / "forced", symlinks=True)
        for leg in self.legs:
            if not any(event["kind"] == "end" and event["leg"] == leg for event in self.events):
                self.leg(leg, self.kills // 2 if leg == "clean" else self.kills - self.kills // 2, known)
        self.sum_up(known)

    def undisturbed(self) -> dict[str, Any]:
        """Of the undisturbed run, made if it is absent: checksums, the rule of each file, and the rules, the last one first."""
        path, place = self.folder / "undisturbed.json", self.folder / "undisturbed"
        if not path.exists():
            self.finish("undisturbed", "--unlock")
            self.finish("undisturbed")
            rules = kills.rules(place)
            times = {name: (place / name).stat().st_mtime for name in rules}
            ended = {
                rule: times[name] for name, rule in sorted(rules.items(), key=lambda each: times[each[0]])
            }
            order = sorted(ended, key=lambda rule: ended[rule], reverse=True)
            path.write_text(json.dumps({"files": kills.checksums(place), "rules": rules, "order": order}))
        known: dict[str, Any] = json.loads(path.read_text())
        return known

    def leg(self, leg: str, wanted: int, known: dict[str, Any]) -> None:
        """Run the study in the folder ``leg`` under ``wanted`` kills, then to its end, and compare what it left."""
        order = known["order"][: known["order"].index("pack")]
        while True:
            planning = self.finish(leg, "--unlock")
            here = [event["kind"] for event in self.events if event["leg"] == leg]
            made = here.count("kill")
            if made >= wanted:
                break
            force = ["--forcerun", order[made * len(order) // wanted]] if leg == "forced" else []
            since, draw = time.time(), random.Random(f"{self.seed}/{leg}/{len(here)}")
            if self.kill(leg, *force, planning=planning, draw=draw):
                self.look(leg, since, known)
            elif leg == "clean":
                break
            else:
                self.note(kind="spared", leg=leg)
        self.finish(leg)
        self.compare(leg, known["files"])

    def look(self, leg: str, since: float, known: dict[str, Any]) -> None:
        """Note a kill, and what ran since; SystemExit if a file is wrong."""
        place, after = self.folder / leg, round(time.time() - since, 1)
        hit = sorted({known["rules"].get(name, "?") for name in kills.being_made(place, since)})
        bad, left = kills.wrong(place, known["files"]), len(kills.leftovers(place))
        self.note(kind="kill", leg=leg, after_s=after, rules=hit, left=left, wrong=bad)
        if bad:
            raise SystemExit(f"After a kill these files are wrong: {bad}")

    def compare(self, leg: str, files: dict[str, str]) -> None:
        """Note how many of ``files`` are there and equal at the end; SystemExit unless all are, and no others."""
        place = self.folder / leg
        found = kills.checksums(place)
        equal = sum(found.get(name) == digest for name, digest in files.items())
        bad = sorted({*kills.wrong(place, files), *kills.leftovers(place), *(files.keys() ^ found.keys())})
        self.note(kind="end", leg=leg, files=len(files), equal=equal, wrong=bad, table1=found.get(TABLE))
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
            "ends": [event for event in self.events if event["kind"] == "end"],
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
    words.add_argument("--legs", nargs="+", choices=("clean", "forced"), default=["clean", "forced"])
    words.add_argument("--cores", type=int, default=2)
    words.add_argument("--seed", type=int, default=1)
    given = vars(words.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    Campaign(**given | {"folder": given["folder"].resolve()}).run()


if __name__ == "__main__":
    main()
