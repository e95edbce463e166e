"""Threads are limited by what numeric libraries read when they are imported; a training imports no compiler."""

import os
import subprocess
import sys

import pytest

from sadm.runtime.process import THREAD_VARIABLES, limit_threads

TRAINS = """
import sys, torch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.GroupNorm(2, 4), torch.nn.SiLU(), torch.nn.Conv2d(4, 1, 3))
adam = torch.optim.Adam(net.parameters(), 0.01, fused=True)
cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 0.01, 20)
for _ in range(5):
    loss = net(torch.rand(2, 1, 8, 8)).square().mean()
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()
    cycle.step()
adam.load_state_dict(adam.state_dict())
print([p.double().sum().item().hex() for p in net.parameters()], "sympy" in sys.modules)
"""


def test_a_users_own_count_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "7")
    limit_threads(2)
    assert {os.environ[name] for name in THREAD_VARIABLES} == {"2"}


def test_a_training_imports_no_compiler() -> None:
    """A training without it has the same weights to the last bit; once PyTorch imports it no more, the stand-in can go."""
    said = {}
    for start in ("", "from sadm.runtime.process import without_compiler; without_compiler()"):
        done = subprocess.run(
            [sys.executable, "-c", start + TRAINS], capture_output=True, text=True, check=True
        )
        said[start], _, imported = done.stdout.strip().rpartition(" ")
        assert imported == str(not start)
    assert len(set(said.values())) == 1
