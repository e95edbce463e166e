"""What a process sets before it imports torch, ants or SimpleITK: its threads, its memory."""

import ctypes
import os

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt


def limit_threads(count: int) -> None:
    """Let numeric libraries that are imported later use ``count`` threads: their results depend on it."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(count)


def keep_freed_memory(largest: int = 2**30) -> None:
    """Let glibc's malloc keep what is freed, of blocks up to ``largest`` bytes; elsewhere nothing happens.

    Networks free and take the same blocks at each step: mapping and zeroing them anew takes a tenth of a training step, and
    1.2 of deepbet's 4 CPU seconds.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, largest)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
