"""The files of a folder that are images by their names, whatever an importer makes of them. Standard library."""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# What `sadm.runtime.files.load_nifti` reads, in any letter case; the first counts where several could be meant.
READ = (".nii.gz", ".nii", ".mgz", ".mgh", ".hdr", ".hdr.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
IMAGE = r"(?i:\.(?:nii(?:\.gz)?|mg[hz]|hdr(?:\.gz)?|nhdr|nrrd|mha|mhd))"  # as a regular expression
PACKED = (".gz", ".bz2", ".xz", ".zst")
OTHER = (
    ".hdr", ".img", ".mgz", ".mgh", ".nrrd", ".nhdr", ".mha", ".mhd", ".mnc", ".dcm", ".ima", ".dicom", ".par", ".rec",
    ".head", ".brik", ".gipl", ".nia", ".vmr",
)  # fmt: skip
DICOM = (".dcm", ".ima", ".dicom")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".7z", ".rar")
# Of programs: what they hold is told by the links that lead there.
STORES = (".git", ".datalad", ".snakemake")
DESCRIPTION = "dataset_description.json"
OURS = ".times"  # what the workflow leaves in its folder of results
MANY = 50_000  # folders after which a look at what a refused folder has instead ends


class Entry(NamedTuple):
    """An image by its name: path below the root, and what is the matter with it: "", "hidden", "dead" (a link to nothing), "ours"."""

    path: str
    state: str = ""


@dataclass
class Tree:
    """The images below ``root``, sorted; links that lead to a folder that is read under another name; folders that cannot be read.

    ``links``: {folder below the root: names of the links to it}; ``unreadable``: {folder: cause}.
    """

    root: str
    entries: list[Entry] = field(default_factory=list)
    links: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unreadable: dict[str, str] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)  # suffixes of all other files
    archives: list[str] = field(default_factory=list)

    def names(self, path: str) -> Iterator[str]:
        """``path``, and the names that links in the tree give it."""
        yield path
        if self.links:
            parts = path.split("/")
            for depth in range(1, len(parts)):
                for link in self.links.get("/".join(parts[:depth]), ()):
                    yield "/".join([link, *parts[depth:]])

    def kinds(self) -> Counter[str]:
        """How many images have which suffix."""
        return Counter(suffix(entry.path) for entry in self.entries if entry.state in ("", "dead"))


def suffix(name: str) -> str:
    """The suffix of an image, in lower case and with that of its packing; "" of any other file."""
    low = name.lower()
    packed = next((end for end in PACKED if low.endswith(end)), "")
    plain = low.removesuffix(packed)
    found = next((end for end in (".nii", *OTHER) if plain.endswith(end) and len(plain) > len(end)), "")
    return found + packed if found else ""


def readable(name: str | Path) -> bool:
    """Whether a file is, by its name, an image that the loader reads."""
    return suffix(str(name)) in READ


def bare(path: str | Path) -> str:
    """``path`` without the suffix of an image."""
    text = str(path)
    return text[: len(text) - len(suffix(text))]


def voxels(path: str | Path) -> str:
    """The .img of a pair whose header (.hdr) is ``path``; "" of any other image. It may not be there."""
    kind = suffix(str(path))
    if not kind.startswith(".hdr"):
        return ""
    place, name = os.path.split(bare(path))
    ends = (".img", ".img.gz", ".IMG", ".IMG.GZ", ".Img")
    known = [os.path.join(place, name + end) for end in ends]
    return next((each for each in known if os.path.lexists(each)), known[0])


def walk(root: str | Path, most: float = float("inf")) -> Tree:
    """The images below the folder ``root``, or the one that it is; it ends after ``most`` folders.

    Links to folders are followed, each folder is read once: by its own name, and if it lies elsewhere by the first of
    the links that lead to it.
    """
    tree = Tree(str(root))
    if os.path.isfile(root):
        tree.entries = [Entry(os.path.basename(root))] if suffix(str(root)) else []
        return tree
    seen: dict[tuple[int, int], str] = {}
    todo, linked = [("", "")], [("", "")][:0]
    while todo or linked:
        place, state = todo.pop() if todo else linked.pop(0)
        try:
            known = os.stat(os.path.join(root, place))
            first = seen.setdefault((known.st_dev, known.st_ino), place)
            if first != place:
                tree.links[first].append(place)
                continue
            if len(seen) > most:
                break
            below, links = _read(tree, place, state)
        except OSError as error:
            tree.unreadable[place] = error.strerror or str(error)
            continue
        todo += reversed(below)
        linked += links
    tree.entries.sort()
    return tree


Places = list[tuple[str, str]]


def _read(tree: Tree, place: str, state: str) -> tuple[Places, Places]:
    """Note the files of the folder ``place``, and return its folders and its links to folders, each with their state."""
    folders: Places = []
    links: Places = []
    with os.scandir(os.path.join(tree.root, place)) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    if place and not state and _ours(os.path.join(tree.root, place), {entry.name for entry in entries}):
        state = "ours"
    for entry in entries:
        path = f"{place}/{entry.name}" if place else entry.name
        own = state or ("hidden" if entry.name.startswith(".") else "")
        link = entry.is_symlink()
        if _is_folder(entry):
            if entry.name not in STORES:
                (links if link else folders).append((path, own))
        elif suffix(entry.name):
            dead = link and not os.path.exists(entry.path)
            tree.entries.append(Entry(path, own or ("dead" if dead else "")))
        elif not own:
            _other(tree, path)
    return folders, links


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _other(tree: Tree, path: str) -> None:
    if path.lower().endswith(ARCHIVES):
        tree.archives.append(path)
    else:
        tree.others[os.path.splitext(path)[1].lower()] += 1


def _ours(place: str, names: set[str]) -> bool:
    """Whether this workflow made the folder ``place``, which holds ``names``."""
    if OURS in names or (
        os.path.basename(place) == "results"
        and os.path.exists("results")
        and os.path.samefile(place, "results")
    ):
        return True
    if DESCRIPTION not in names:
        return False
    try:
        with open(os.path.join(place, DESCRIPTION), encoding="utf-8") as stream:
            makers = json.load(stream).get("GeneratedBy", [])
        return any(maker.get("Name") == "sadm" for maker in makers)
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def instead(root: str | Path) -> tuple[str, str]:
    """What a folder without scans has instead, and what to do about it."""
    tree = walk(root, MANY)
    kinds, said = tree.kinds(), []
    if kinds:
        example = next(entry.path for entry in tree.entries if entry.state in ("", "dead"))
        said.append(f"{counted(kinds)}, such as {shown(example)}")
    if tree.archives:
        said.append(
            f"{len(tree.archives)} archive{'s' * (len(tree.archives) > 1)} ({', '.join(map(shown, tree.archives[:3]))})"
        )
    if not said:
        said.append(f"no image, but {counted(tree.others, 'without a suffix')}" if tree.others else "no file")
    return f"it has {' and '.join(said)}", _advice(tree, kinds)


def _advice(tree: Tree, kinds: Counter[str]) -> str:
    if any(kinds[end] for end in READ):
        return "name the importer that such names are of, or take the importer folder and say in options.t1 which of them are T1s"
    if tree.archives:
        return f"unpack {shown(tree.archives[0])}"
    if kinds:
        if any(kinds[end] for end in DICOM):
            return "make a BIDS data set of them: sadm import-dicom FOLDER --to BIDS"
        return "convert them to NIfTI (.nii.gz), with mri_convert or nibabel"
    return "set options.path to the data set's folder"


def counted(kinds: Counter[str], unnamed: str = "") -> str:
    """ "5 .mgz, 2 .dcm": the most common first, then by name."""
    return ", ".join(
        f"{n} {kind or unnamed}"
        for kind, n in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))[:6]
    )


def shown(path: str | Path) -> str:
    """``path`` as it can be printed: bytes that are no UTF-8 and control signs are escaped."""
    text = str(path).encode("utf-8", "backslashreplace").decode()
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda found: repr(found[0])[1:-1], text)


def escaped(paths: Iterable[str]) -> str:
    """``paths`` in a row, as they can be printed."""
    return ", ".join(map(shown, paths))
