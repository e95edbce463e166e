"""A step that fails on one scan does not end the study: the reason takes the place of its results, and later steps pass it on.

Such a file is text under the name of the image or transform that it stands for, which no reader of images takes for one.
"""

import re
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import sadm
from sadm.runtime.errors import DataError, ProcessingError, SadmError
from sadm.runtime.files import write_json, write_text

MARK = "sadm: no result, as a step failed on this scan\n"
# What libraries raise on data that they cannot take.
OF_DATA = (RuntimeError, ValueError, ArithmeticError, AssertionError)
OF_CODE = (NotImplementedError, RecursionError)
OF_MACHINE = re.compile("memory|alloc|cuda|no space|disk|thread", re.IGNORECASE)


def reason(files: Iterable[str | Path]) -> str:
    """Why a step failed, told by the first of ``files`` that holds a reason in place of a result; "" if none does."""
    for path in files:
        with open(path, "rb") as stream:
            if stream.read(len(MARK)) == MARK.encode():
                return stream.read().decode().strip()
    return ""


def write_reason(why: str, files: Iterable[str | Path]) -> None:
    """Write ``why`` in place of the results ``files``; a sidecar (.json) tells it as its Description."""
    for path in files:
        if Path(path).suffix == ".json":
            write_json({"Description": f"No result: {why}"}, path)
        else:
            write_text(f"{MARK}{why}\n", path)


def belongs_to_scan(error: Exception, files: Iterable[str | Path]) -> bool:
    """Whether ``error`` is the fault of the scan with the source ``files``: what a step says of it, or a library of its data.

    Never errors of our own code, of the config, or of the machine: disk, memory, a file that has gone.
    """
    if isinstance(error, ProcessingError):
        return True
    if isinstance(error, DataError):
        own = {Path(file) for file in files if file}
        return error.file is not None and Path(error.file) in own and Path(error.file).exists()
    if (
        not isinstance(error, OF_DATA)
        or isinstance(error, OF_CODE)
        or OF_MACHINE.search(f"{type(error)} {error}")
    ):
        return False
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    return Path(sadm.__file__).parent not in raised_in.parents


def tell(error: Exception) -> str:
    """``error`` in one line."""
    if not isinstance(error, SadmError):
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return ": ".join(
        filter(None, (error.what.rstrip("."), ", ".join(filter(None, (error.cause, error.fix)))))
    )


def attempt(
    step: str,
    work: Callable[[], None],
    source: Iterable[str | Path],
    earlier: Iterable[str | Path],
    outputs: Iterable[str | Path],
) -> str:
    """Do the ``work`` of ``step`` on a scan with the ``source`` files, which writes ``outputs``; returns "" if that went well.

    Where one of the results ``earlier`` holds a reason, or the work fails by fault of the scan, the outputs hold the reason,
    and it is returned. All other errors are raised.
    """
    if not (why := reason(earlier)):
        try:
            work()
            return ""
        except Exception as error:
            if not belongs_to_scan(error, source):
                raise
            traceback.print_exc()
            why = f"the step {step} failed: {tell(error)}"
    print(f"No result of {step}: {why}")
    write_reason(why, outputs)
    return why
