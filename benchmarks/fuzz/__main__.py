"""Inputs that are broken by chance, through the real entry points: how each trial ends, counted by kind.

    python benchmarks/fuzz [--minutes M] [--seed S] [--only KIND ...] [--trial N] [--last N]

A trial makes a sound input of its kind, breaks it at one to three places, and gives it to the step that meets it first, in a process
of its own that is ended after 60 CPU seconds or 4 GB. It must end in a right result (each kind looks at it) or in a named error.
Everything is drawn from the seed and the trial's number: --trial N repeats one, and shows its traceback.
"""

import argparse
import sys
import time
from collections import Counter

import torch
from trials import KINDS, ended, trial


def counts(found: list[tuple[str, str]]) -> str:
    """Endings by kind as a table."""
    by = Counter((made, ended(said)) for made, said in found)
    lines = ["| kind | trials | right | named | neither |", "|---|---|---|---|---|"]
    for made in sorted({made for made, _ in found}):
        each = [by[made, word] for word in ("right", "named", "bad")]
        lines.append(f"| {made} | {sum(each)} | {each[0]} | {each[1]} | {each[2]} |")
    whole = [sum(by[made, word] for made in KINDS) for word in ("right", "named", "bad")]
    return "\n".join([*lines, f"| all | {len(found)} | {whole[0]} | {whole[1]} | {whole[2]} |"])


def main() -> None:
    """Run trials until the time is over, and print what ended badly, and the counts of the first and of the last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--trials", type=int, default=10**9, help="at most")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--trial", type=int, help="this one alone")
    parser.add_argument("--last", type=int, default=1000, help="trials that the two tables count")
    said = parser.parse_args()
    torch.set_num_threads(1)
    print(f"seed {said.seed}", flush=True)
    if said.trial is not None:
        print(*trial(said.seed, said.trial, said.only, loud=True))
        return
    found: list[tuple[str, str]] = []
    end, seen = time.monotonic() + 60 * said.minutes, Counter[str]()
    while time.monotonic() < end and len(found) < said.trials:
        made, how = trial(said.seed, len(found), said.only)
        found.append((made, how))
        if ended(how) == "bad":
            sort = f"{made}: {how.partition(': ')[0]}"
            seen[sort] += 1
            if seen[sort] <= 3:
                print(f"trial {len(found) - 1}, {made}: {how[:300]}", flush=True)
    for title, some in (("First", found[: said.last]), ("Last", found[-said.last :]), ("All", found)):
        print(f"\n{title} {len(some)} trials\n\n{counts(some)}")
    sys.exit(int(any(ended(how) == "bad" for _, how in found[-said.last :])))


if __name__ == "__main__":
    main()
