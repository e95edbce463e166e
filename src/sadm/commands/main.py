"""The command `sadm`: a name, and what is for the subcommand of that name, which alone is imported.

Each of COMMANDS names a module of this folder, with a `main` that takes its own arguments.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from sadm.runtime.errors import SadmError

COMMANDS = {
    "run": ("run", "a study, as snakemake runs it, with a bar and the time left"),
    "config": ("config_text", "the study that files describe, with every key"),
    "check": ("check", "what a folder holds: its scans, and what became of every image in it"),
    "plan": ("plan", "what a study will take, before anything runs"),
    "doctor": ("doctor", "whether this machine has what a study needs, and how to get the rest"),
    "prep": ("prep", "prepare a folder of T1 scans, a BIDS data set, an official tree, or one scan"),
    "audit-csv": ("audit_csv", "the audit of splits that others published as csv files"),
    "import-checkpoint": ("import_checkpoint", "the authors' trained checkpoints as weights of this project"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the subcommand that ``arguments`` (of the command line) name; a SadmError is printed, and the exit code is 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    each = "\n".join(f"  {name:18} {said}" for name, (_, said) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "sadm",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"The tools beside the workflow:\n\n{each}\n\nsadm COMMAND --help tells more.",
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    command = parser.parse_args(words[:1]).command
    try:
        import_module(f"sadm.commands.{COMMANDS[command][0]}").main(words[1:])
    except SadmError as error:
        sys.exit(f"{type(error).__name__}: {error}")
