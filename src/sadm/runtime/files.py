"""Files in and out: atomic writes, JSON, tables, arrays, NIfTI."""

import csv
import errno
import gzip
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadm.runtime.errors import DataError, OutputError
from sadm.runtime.terminate import orderly_sigterm

if TYPE_CHECKING:
    import nibabel as nib
    import numpy as np

NOT_WRITTEN = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOTDIR, errno.EISDIR
}  # fmt: skip
# Codes of NIfTI: coordinates of the scanner, coordinates of a template other than Talairach's and MNI's.
SCANNER, TEMPLATE = (1, 5)
REMAKE = "delete the file and run again"


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a path beside ``path`` with the same suffixes; on success it takes the name ``path``, else it is removed.

    It is on the disk before it takes the name, so that after a loss of power, too, ``path`` is old or new, never half. Ctrl-C
    and SIGTERM remove it; what a SIGKILL left is removed by the next write of ``path``.
    Raises OutputError if it cannot be written: disk full, quota, read-only. What ``path`` held before is then still there.
    """
    path = Path(path)
    tmp = path.with_name(f".tmp{os.getpid()}_{path.name}")
    with orderly_sigterm():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):
                remove_leftovers(path.parent, re.escape(path.name))
            tmp.unlink(missing_ok=True)  # were it a link, a file of the user's would be written
            yield tmp
            _to_disk(tmp)
            os.replace(tmp, path)
            with suppress(OSError):  # not every file system can do this for a folder
                _to_disk(path.parent)
        except OSError as error:
            ours = error.filename is None or Path(os.fsdecode(error.filename)) in (tmp, path, *path.parents)
            short = error.errno is None and type(error) is OSError  # how numpy reports a short write
            if not ours or not (short or error.errno in NOT_WRITTEN):
                raise
            raise not_written(path, error.strerror or str(error)) from error
        finally:
            with suppress(OSError):
                tmp.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def remove_leftovers(folder: Path, names: str) -> None:
    """Remove what killed processes left of the files of ``folder`` whose name matches the regular expression ``names``.

    The temporary file of a process that still runs here stays.
    """
    for name in os.listdir(folder):
        found = re.fullmatch(rf"\.tmp(\d{{1,9}})_(?:{names})", name)
        if found and not _runs(int(found[1])):
            (folder / name).unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        with suppress(PermissionError):
            os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def not_written(path: str | Path, cause: str) -> OutputError:
    """The error that says why the file ``path`` could not be written."""
    return OutputError(
        "A result cannot be written.",
        file=path,
        cause=cause,
        fix="free space, or make the folder writable, and run again: what was finished before is still there",
    )


def write_text(text: str, path: str | Path) -> None:
    """Write ``text`` (UTF-8) atomically."""
    with atomic(path) as tmp:
        tmp.write_text(text, encoding="utf-8")


def write_json(obj: Any, path: str | Path) -> None:
    """Write ``obj`` atomically as indented JSON with sorted keys, so that equal content is equal bytes."""
    write_text(json.dumps(obj, indent=1, sort_keys=True, allow_nan=False) + "\n", path)


def read_json(path: str | Path) -> Any:
    """Read a JSON file. Raises DataError if it is none, or has numbers that JSON does not know (NaN, Infinity)."""

    def refuse(number: str) -> None:
        raise ValueError(f"{number} is no number")

    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError("A JSON file cannot be read.", file=path, cause=str(error), fix=REMAKE) from error


class Row(dict[str, str]):
    """A row of a table, which knows its ``file`` and ``line``; a column that the file lacks is a DataError."""

    def __init__(self, cells: Mapping[str, str], file: str | Path, line: int) -> None:
        super().__init__(cells)
        self.file, self.line = file, line

    def __missing__(self, column: str) -> str:
        raise _no_table(self.file, f"no column {column}")


def real(row: Mapping[str, str], column: str) -> float:
    """The number in a ``column`` of a row of a table; nan counts as one. Raises DataError for text."""
    try:
        return float(row[column])
    except ValueError:
        raise _no_number(row, column) from None


def whole(row: Mapping[str, str], column: str) -> int:
    """The whole number in a ``column`` of a row of a table. Raises DataError for anything else."""
    try:
        return int(row[column])
    except ValueError:
        raise _no_number(row, column) from None


def _no_number(row: Mapping[str, str], column: str) -> DataError:
    file, line = (row.file, row.line) if isinstance(row, Row) else ("(a table)", 0)
    return _no_table(file, f"line {line}: {column} is {row[column]!r}, no such number")


def _no_table(path: str | Path, cause: str) -> DataError:
    return DataError("A table is not what it should be.", file=path, cause=cause, fix=REMAKE)


def read_table(path: str | Path, columns: Sequence[str] = (), delimiter: str = "\t") -> list[Row]:
    """The rows of a table whose cells ``delimiter`` parts. Raises DataError: no table, a cell absent or too many, or without one of ``columns``.

    With ``columns`` it must have a row, too.
    """
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            table = csv.DictReader(stream, delimiter=delimiter, strict=True)
            rows, found = list(table), table.fieldnames or ()
    except (OSError, ValueError, csv.Error) as error:
        raise DataError("A table cannot be read.", file=path, cause=str(error), fix=REMAKE) from error
    lacking = [column for column in columns if column not in found]
    twice = sorted({column for column in found if found.count(column) > 1})
    ragged = [n for n, row in enumerate(rows, 2) if None in row or None in row.values()]
    cause = f"no column {', '.join(lacking)}" if lacking else ""
    cause = cause or (f"the column {twice[0]} is there twice" if twice else "")
    cause = cause or (f"line {ragged[0]} has not {len(found)} cells" if ragged else "")
    cause = cause or ("no rows" if columns and not rows else "")
    if cause:
        raise _no_table(path, cause)
    return [Row(row, path, number) for number, row in enumerate(rows, 2)]


def write_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], path: str | Path) -> None:
    """Write ``rows`` atomically as a tab-separated table with ``columns``; a row without one of them leaves an empty cell.

    Raises ValueError for a row with a key that is no column.
    """
    with atomic(path) as tmp, open(tmp, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def open_array(path: str | Path) -> "np.ndarray":
    """The array of a .npy file, memory-mapped, read-only: real numbers.

    Raises DataError: missing, cut short, Python objects inside, no real numbers.
    """
    import numpy as np

    if cause := unreadable(path):
        raise DataError("A stored array cannot be read.", file=path, cause=cause, fix=REMAKE)
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(found, np.ndarray):
            raise ValueError("an archive, not an array")
        if found.dtype.kind not in "biuf":
            raise ValueError(f"it has {found.dtype}, no real numbers")
    except Exception as error:  # a damaged header makes numpy raise almost anything
        raise DataError("A stored array cannot be read.", file=path, cause=str(error), fix=REMAKE) from error
    return found


def write_stack(
    volumes: Iterable["np.ndarray"], shape: tuple[int, ...], dtype: Any, path: str | Path
) -> None:
    """Write ``volumes``, one in memory at a time, as one .npy array of ``shape`` [N, ...] and ``dtype``, atomically.

    The bytes are those of a memory-mapped file; but where the disk is full, such a file ends the process by a signal.
    """
    import numpy as np

    kind = np.dtype(dtype)
    about = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with atomic(path) as tmp, open(tmp, "wb") as stream:
        np.lib.format.write_array_header_1_0(stream, about)
        for volume in volumes:
            stream.write(np.ascontiguousarray(volume, dtype=kind).data)


def load_nifti(path: str | Path) -> "nib.Nifti1Image":
    """Load a 3-D image as float32: NIfTI-1 or NIfTI-2 (.nii, .nii.gz), or another form (`sadm.runtime.forms`).

    Trailing axes of length 1 are dropped.

    The header is judged before its voxels are read, and the file is read to its end. Of the header only the affine is
    kept, in mm: the sform's, or the qform's where there is no sform (as nibabel does; ITK and ANTs here get arrays, no files);
    ``extra`` tells the unit that it was in, and in "told" what else is to be known.
    Raises DataError: missing, no NIfTI, truncated or too long, too large in voxels or mm, colours or complex numbers, not
    3-D, NaN or infinite voxels, no orientation, impossible voxel sizes.
    """
    import nibabel as nib
    import numpy as np
    from nibabel.arrayproxy import ArrayProxy

    from sadm.runtime import forms, nifti

    if cause := unreadable(path):
        fix = nifti.GET if "git-annex" in cause else "check the path in the config"
        raise DataError("An image is missing.", file=path, cause=cause, fix=fix)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            if forms.foreign(path):
                header, voxels, told = forms.opened(path)
                affine = nifti.affine(header)
                nifti.check_room(header.get_data_shape(), affine)
                data = voxels()
            else:
                told = ""
                with nifti.opened(path) as stream:
                    header = nifti.header(stream, Path(path).stat().st_size)
                    affine = nifti.affine(header)
                    nifti.check_room(header.get_data_shape(), affine)
                    data = np.asarray(ArrayProxy(stream, header, mmap=False), dtype=np.float32)
                    nifti.check_end(stream)
    except nifti.Unusable as error:
        raise DataError(error.what, file=path, cause=error.cause, fix=error.fix) from None
    except Exception as error:  # damaged headers and streams make the readers raise almost anything
        raise DataError(nifti.UNREADABLE, file=path, cause=nifti.in_words(error), fix=nifti.FIX) from error
    if not (finite := np.isfinite(data)).all():
        cause = f"{data.size - np.count_nonzero(finite)} NaN or infinite{nifti.scaling(header)}"
        raise DataError("An image has voxels that are no numbers.", file=path, cause=cause, fix=nifti.FIX)
    kept = {"unit": nifti.unit(header)[0], "told": told}
    return nib.Nifti1Image(data.reshape(data.shape[:3], order="F"), affine, extra=kept)


def unreadable(path: str | Path) -> str:
    """Why ``path`` is no file that can be read, "" if it is one."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        if not Path(path).is_symlink():
            return "no such file"
        annexed = "annex/objects" in os.readlink(path)
        return f"a symbolic link that leads nowhere{', of git-annex: its content is not here' if annexed else ''}"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    if stat.S_ISREG(mode):
        return ""
    return "a folder, not a file" if stat.S_ISDIR(mode) else "neither a file nor a folder"


def save_nifti(array: "np.ndarray", affine: "np.ndarray", path: str | Path, space: int = SCANNER) -> None:
    """Write ``array`` [X, Y, Z] with ``affine`` (voxel to RAS+ mm of ``space``) as ``.nii.gz``: atomic, equal content is equal bytes.

    ``space`` is the code of sform and qform, SCANNER or TEMPLATE.
    """
    import nibabel as nib

    image = nib.Nifti1Image(array, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code=space)
    image.set_qform(affine, code=space)
    with (
        atomic(path) as tmp,
        open(tmp, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=3, mtime=0) as out,
    ):
        out.write(image.to_bytes())
