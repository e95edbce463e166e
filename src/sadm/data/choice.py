"""Which subjects and sessions a study asks for: the options participants, sessions and exclude of every importer. Standard library."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadm.runtime.errors import ConfigError, DataError

KEYS = ("participants", "sessions", "exclude")
HEADS = {"participant_id", "participant", "subject", "subject_id", "session_id", "session", "scan"}
LIST = re.compile(r"[/\\]|\.(?:txt|tsv|csv|list)$")  # of a text that is the path of a file
LARGEST = 10_000_000  # bytes of a file of names
SHOWN = 5


@dataclass(frozen=True)
class Choice:
    """The names of each option, without sub- and ses-; None where nothing is asked for."""

    participants: frozenset[str] | None = None
    sessions: frozenset[str] | None = None
    exclude: frozenset[str] | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Choice":
        """The choice of an importer's ``options``. Raises ConfigError for a file that cannot be read or has no name."""
        return cls(**{key: _names(key, options.get(key) or ()) for key in KEYS})

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def why_not(self, subject: str, session: str = "", scan: str = "") -> str:
        """The option that leaves a subject, or one of its sessions, out; "" if none does. ``scan``: the scan's name."""
        who = {plain(subject), plain(scan.partition("_ses-")[0])} - {""}
        if self.participants is not None and not who & self.participants:
            return "participants"
        at = plain(session)
        if self.sessions is not None and (session or scan) and at not in self.sessions:
            return "sessions"
        both = {f"{name}_ses-{at}" for name in who} if at else set()
        return "exclude" if self.exclude and (who | both) & self.exclude else ""

    def none_left(self, subjects: Iterable[str], sessions: Iterable[str]) -> DataError:
        """The error where nothing is left of ``subjects`` and ``sessions``."""
        asked = "; ".join(f"{key}: {_some(names)}" for key, names in vars(self).items() if names)
        has = f"it has the subjects {_some(subjects)}"
        has += f" and the sessions {_some(sessions)}" if any(sessions) else ""
        return DataError(
            "A data set has no scans that the options ask for.",
            cause=f"{asked}; {has}",
            fix="name subjects and sessions as the folder has them",
        )

    def unknown(self, subjects: Iterable[str], scans: Iterable[str]) -> list[str]:
        """A sentence for each option with names that are none of ``subjects``, nor of the names of ``scans``."""
        known = {plain(who) for who in subjects} | {plain(name) for name in scans}
        known |= {name.partition("_ses-")[0] for name in known}
        found = []
        for key in ("participants", "exclude"):
            if lost := (getattr(self, key) or frozenset()) - known:
                found.append(f"options.{key}: {len(lost)} names are of no subject here: {_some(lost)}")
        return found


def plain(name: str) -> str:
    """``name`` in one form of Unicode, without sub- or ses-."""
    return re.sub(r"^(?:sub|ses)-", "", unicodedata.normalize("NFC", name.strip()))


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:SHOWN]) + (f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else "")


def _names(key: str, said: Any) -> frozenset[str] | None:
    if isinstance(said, str):
        said = _file(key, said) if LIST.search(said) or Path(said).is_file() else re.split(r"[\s,;]+", said)
        if not any(map(plain, said)):
            raise ConfigError(f"options.{key} names nothing.", fix="give names, or leave the option out")
    return frozenset(filter(None, map(plain, said))) or None


def _file(key: str, path: str) -> list[str]:
    """The first cell of each line of a file, but for a line of column names and for comments (#)."""
    try:
        if (size := Path(path).stat().st_size) > LARGEST:
            raise ValueError(f"{size} bytes, at most {LARGEST}")
        text = Path(path).read_text(encoding="utf-8-sig")
        cells = [
            next(csv.reader([re.sub(r"[\t;]", ",", line)]))[0].strip()
            for line in text.splitlines()
            if line.strip()
        ]
    except (OSError, ValueError, csv.Error) as error:
        cause = getattr(error, "strerror", "") or str(error)
        raise ConfigError(
            f"The file of options.{key} cannot be read.",
            file=path,
            cause=cause,
            fix="name a text with one name a line",
        ) from None
    if cells and cells[0].lower() in HEADS:
        cells = cells[1:]
    return [cell for cell in cells if not cell.startswith("#")]
