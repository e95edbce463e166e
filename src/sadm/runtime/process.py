"""What a process sets before it imports torch, ants or SimpleITK: its threads, its memory."""

import ctypes
import os
import sys
from types import ModuleType

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


def without_compiler() -> None:
    """Spare a process that trains PyTorch's compiler, which it does not use: call it before torch is imported.

    Making an optimiser imports torch._dynamo (and sympy), only to tell it to leave the optimiser alone: more than a CPU second
    a training. A stand-in takes the two calls that optimisers make; torch.compile does not work in such a process.
    """
    stand_in = ModuleType("torch._dynamo", "Stands in for PyTorch's compiler, see sadm.runtime.process.")
    vars(stand_in)["disable"] = lambda function, *_, **__: function
    vars(stand_in)["graph_break"] = lambda *_: None
    sys.modules[stand_in.__name__] = stand_in
