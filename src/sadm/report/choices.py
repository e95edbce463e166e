"""Of many tables of one form one is shown at a time, chosen by test set and by what it measures."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeGuard

from sadm.report.blocks import Block, Choice, Forest, Ranks, Table, Words

TESTSET = "Test set"  # the head that tables, plots and diagrams of a test set are chosen by
Picked = Table | Forest | Ranks | Words


def chosen(blocks: Iterable[Block]) -> list[Block]:
    """``blocks`` with one choice in the place of the first of those that are chosen from their like (``picks``), if these are several.

    Blocks of equal picks stand together. What is chosen is not folded away.
    """
    given = list(blocks)
    like = [block for block in given if _picked(block)]
    groups: dict[tuple[tuple[str, str], ...], list[Block]] = {}
    for block in like:
        groups.setdefault(tuple(block.picks.items()), []).append(_open(block))
    if len(groups) < 2:
        return given
    heads: dict[str, list[str]] = {}
    for group in groups:
        for head, value in group:
            if value not in heads.setdefault(head, []):
                heads[head].append(value)
    choice = Choice(heads, [(dict(group), own) for group, own in groups.items()])
    place = given.index(like[0])
    return [*given[:place], choice, *(block for block in given[place:] if not _picked(block))]


def under(head: str, value: str, words: Sequence[str], blocks: Sequence[Block]) -> list[Block]:
    """``blocks`` that are chosen, with one more head to choose them by, the first, and ``words`` above each choice; no others."""
    found: list[Block] = []
    for block in filter(_picked, blocks):
        picks = {head: value, **block.picks}
        if not any(isinstance(other, Words) and other.picks == picks for other in found):
            found.append(Words(words, picks=picks))
        found.append(replace(block, picks=picks))
    return found


def _picked(block: Block) -> TypeGuard[Picked]:
    return isinstance(block, Picked) and bool(block.picks)


def _open(block: Picked) -> Picked:
    return replace(block, folded=False) if isinstance(block, Table) else block
