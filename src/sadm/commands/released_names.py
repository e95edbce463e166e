"""The names of the tensors in a released checkpoint: which network each is of, and our name for it.

What wraps a network leaves a word in its tensors' names, at their head or inside: `torch.compile` "_orig_mod", data-parallel
training "module", Lightning's strategies "_forward_module", sharding "_fsdp_wrapped_module", checkpointed activations
"_checkpoint_wrapped_module", another module around it "model". Such words are taken off where a released name is left, and told.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from sadm.runtime.errors import DataError

# Prefixes of the released names, longest first, and what ours begin with.
PREFIXES = {
    "cddpm": {"encoder.encoder.": "encoder.", "diffusion.model.": "unet.", "diffusion.": "diffusion."},
    "unet_res": {"SegUnet.": "net."},
}
# Words that wrapping a network adds to its tensors' names.
WRAPPERS = ("_orig_mod", "module", "model", "_forward_module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")  # fmt: skip
NAMED = 3  # names in a message


def bare(name: str) -> str:
    """``name`` without the words of WRAPPERS."""
    return ".".join(word for word in name.split(".") if word not in WRAPPERS)


def unwrapped(tensors: Mapping[str, Tensor], wanted: Iterable[str], path: str | Path) -> dict[str, Tensor]:
    """``tensors`` under the ``wanted`` names that differ from theirs in words of WRAPPERS alone; others keep their names.

    What was taken off, and from how many names, is told on stderr. Raises DataError if two tensors would get one name.
    """
    of, found = {bare(name): name for name in wanted}, dict[str, Tensor]()
    taken, twice = Counter[str](), []
    for name, tensor in tensors.items():
        new = of.get(bare(name), name)
        if Counter(new.split(".")) - Counter(name.split(".")):  # it lacks a word: another name
            new = name
        twice += [name] if new in found else []
        found[new] = tensor
        taken.update(set((Counter(name.split(".")) - Counter(new.split("."))).elements()))
    refuse("has tensors twice, with and without a wrapper's word in their names", twice, path)
    for word, count in taken.items():
        print(f"{path}: taken off {count} of {len(tensors)} names: {word}.", file=sys.stderr)
    return found


def by_method(
    tensors: Mapping[str, Tensor], methods: Iterable[str], path: str | Path
) -> dict[str, dict[str, Tensor]]:
    """The tensors of each method under our names. Raises DataError for one that no method has."""
    found: dict[str, dict[str, Tensor]] = {method: {} for method in methods}
    prefixes = [(old, method, new) for method in found for old, new in PREFIXES[method].items()]
    unexpected = []
    for name, tensor in tensors.items():
        match = next(((old, method, new) for old, method, new in prefixes if name.startswith(old)), None)
        if match is None:
            unexpected.append(name)
        else:
            old, method, new = match
            found[method][new + name.removeprefix(old)] = tensor
    refuse("has tensors that no network of ours has", unexpected, path)
    return found


def theirs(method: str, name: str) -> str:
    """The released name of our ``name``; what is no part of a network stays as it is."""
    for old, new in PREFIXES[method].items():
        if name.startswith(new):
            return old + name.removeprefix(new)
    return name


def refuse(what: str, names: Sequence[str], path: str | Path) -> None:
    """Raise DataError that the file at ``path`` ``what``, if there are any ``names``."""
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        raise DataError(
            f"A checkpoint {what}.",
            file=path,
            cause=f"{', '.join(names[:NAMED])}{more}",
            fix="use a checkpoint of the released code, and a study with its sizes (studies/released.yaml)",
        )
