"""A GPU for each job: on a machine with several, jobs that run at once each take another one."""

import socket
import sys
import time
from collections.abc import Sequence
from functools import cache

POLL = 2.0  # seconds
_held: list[socket.socket] = []


@cache
def own_gpu() -> int:
    """Index of a CUDA device that no other job has until this process ends; waits as long as others have all of them.

    Devices are told apart by their UUIDs: CUDA_VISIBLE_DEVICES may hide or reorder them, and jobs of a cluster, which
    see no GPU but their own, may all call theirs 0.
    """
    import torch

    count = torch.cuda.device_count()
    return first_free([str(torch.cuda.get_device_properties(index).uuid) for index in range(count)])


def first_free(names: Sequence[str]) -> int:
    """Index of the first of ``names`` that no process holds, held from now on; waits for one."""
    waits = False
    while True:
        for index, name in enumerate(names):
            if _hold(name):
                return index
        if not waits:
            print(
                f"Waiting: other jobs have all {len(names)} GPUs. (--resources gpu=N starts no more than N)",
                file=sys.stderr,
            )
        waits = True
        time.sleep(POLL)


def _hold(name: str) -> bool:
    """Whether this process now holds ``name``: an abstract socket, which the kernel frees however the process ends."""
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0sadm-gpu-{name}")
    except OSError:
        holder.close()
        return False
    _held.append(holder)
    return True
