#!/bin/sh
# The packages of the lock file, and this project as it lies here with its command `sadm`, into the environment of the first pip
# on PATH: of `make setup` and of both container recipes.
# torch first: the pin must decide which build is taken before another package asks for any torch.
set -eu
cd "$(dirname "$0")/.."
install="pip install --quiet --disable-pip-version-check --no-cache-dir"
$install $(grep -E '^(torch|torchvision)==' requirements.lock)
$install --requirement requirements.lock
pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
