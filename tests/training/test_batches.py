"""Training batches: which slices they hold, and that all parts of a slice stay together."""

from collections import Counter

import numpy as np
import pytest
import torch

from sadm.anomalies.draem import Draem
from sadm.cohort.packed import Packed
from sadm.methods.base import Batch
from sadm.runtime.errors import SplitError
from sadm.training.batches import Bank, Slices, Store

N, D, SHAPE = 5, 7, (16, 16)
CPU = torch.device("cpu")


class Identity:
    """An augmentation that changes nothing."""

    def __call__(self, volumes, scan, plane, generator):  # type: ignore[no-untyped-def]
        return volumes[scan, plane][:, None].float()


def store() -> Store:
    """Volumes whose voxels say which slice of which scan they are; lesions and brain masks differ from slice to slice."""
    code = (torch.arange(N)[:, None] * D + torch.arange(D)).float()[:, :, None, None].expand(N, D, *SHAPE)
    x = torch.arange(SHAPE[0])[:, None].expand(SHAPE)
    return Store(code.half(), code % 16 >= x, (code % 16 == x).to(torch.uint8))


def doubled(batch: Batch) -> torch.Tensor:
    return batch.image * 2


def slices(**changes) -> Slices:  # type: ignore[no-untyped-def]
    return Slices(
        **({"store": store(), "batch": 4, "slices": 2, "augment": Identity(), "context": doubled} | changes)
    )


def codes(batches: list[Batch]) -> list[int]:
    return [int(image[0, 0, 0]) for batch in batches for image in batch.image]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_an_epoch_takes_as_many_slices_of_each_volume() -> None:
    batches = list(slices().epoch(generator()))
    assert [len(b) for b in batches] == [4, 4, 2]
    assert Counter(code // D for code in codes(batches)) == dict.fromkeys(range(N), 2)


def test_all_slices_are_drawn_and_each_epoch_differs() -> None:
    draws = generator()
    epochs = [codes(list(slices().epoch(draws))) for _ in range(40)]
    assert {code for epoch in epochs for code in epoch} == set(range(N * D))
    assert len(set(map(tuple, epochs))) == 40
    assert codes(list(slices().epoch(generator()))) == epochs[0]


@pytest.mark.parametrize(
    ("batch", "drop", "sizes"),
    [(4, True, [4, 4]), (4, False, [4, 4, 2]), (5, True, [5, 5]), (32, True, [10]), (32, False, [10])],
)
def test_an_incomplete_batch_is_dropped_only_beside_a_complete_one(
    batch: int, drop: bool, sizes: list[int]
) -> None:
    source = slices(batch=batch, drop_last=drop)
    assert source.sizes() == sizes == [len(b) for b in source.epoch(generator())]


@pytest.mark.parametrize("batch", [1, 4, 7, 64])
def test_every_slice_comes_once_with_its_label(batch: int) -> None:
    source = slices(batch=batch, labelled=True, drop_last=True)
    batches = list(source.every(generator()))
    assert codes(batches) == list(range(N * D))
    labels = torch.cat([b.label for b in batches if b.label is not None])[:, 0]
    assert torch.equal(labels, store().lesion.flatten(0, 1).float())


def test_annotated_are_those_with_labels_of_their_own() -> None:
    painted = Draem(SHAPE, max_scale=2)
    assert slices(labelled=True).annotated
    assert not slices(labelled=True, draem=painted).annotated
    assert not slices().annotated


def test_labels_and_brain_are_those_of_the_slice() -> None:
    volumes = store()
    for batch in slices(labelled=True).epoch(generator()):
        assert batch.label is not None
        for image, label, brain in zip(batch.image, batch.label, batch.brain):
            scan, plane = divmod(int(image[0, 0, 0]), D)
            assert torch.equal(label[0], volumes.lesion[scan, plane].float())
            assert torch.equal(brain[0], volumes.brain[scan, plane])
    assert all(batch.label is None for batch in slices().epoch(generator()))


def test_painted_labels_replace_those_of_the_store() -> None:
    painted = slices(draem=Draem(SHAPE, threshold=(0.1, 0.2), max_scale=2), labelled=True)
    batches = list(painted.epoch(generator()))
    changed = torch.cat([(b.image != b.image.round()) for b in batches])
    labels = torch.cat([b.label for b in batches if b.label is not None])
    assert labels.sum() > 0
    assert (labels[changed] == 1).all(), "nothing changes outside the painted anomaly"


def test_a_bank_keeps_image_label_and_context_together_and_draws_with_replacement() -> None:
    source = slices(labelled=True)
    bank = Bank(source, 13, generator())
    draws = generator(1)
    batches = [batch for _ in range(30) for batch in bank.epoch(draws)]
    assert [len(b) for b in bank.epoch(draws)] == source.sizes()
    same = generator()
    made = codes([batch for _ in range(2) for batch in source.epoch(same)])
    assert set(codes(batches)) == set(made[:13])
    for batch in batches:
        assert torch.equal(batch.context, doubled(batch))
        for image, label in zip(batch.image, batch.label):  # type: ignore[arg-type]
            assert torch.equal(label[0], store().lesion.float()[divmod(int(image[0, 0, 0]), D)])


def test_a_partner_is_the_slice_at_the_same_height_of_any_other_volume() -> None:
    pairs, draws = set(), generator()
    for _ in range(60):
        for batch in slices(pairs=True).epoch(draws):
            assert batch.partner is not None
            own, other = (a[:, 0, 0, 0].long() for a in (batch.image, batch.partner))
            assert torch.equal(own % D, other % D)
            pairs |= set(zip((own // D).tolist(), (other // D).tolist()))
    assert pairs == {(a, b) for a in range(N) for b in range(N) if a != b}
    assert all(batch.partner is None for batch in slices().epoch(generator()))


def test_a_single_volume_is_its_own_partner() -> None:
    alone = Store(*(part[:1] for part in (store().t1, store().brain, store().lesion)))
    for batch in slices(store=alone, pairs=True).epoch(generator()):
        assert torch.equal(batch.image, batch.partner)


def test_the_original_is_the_slice_without_its_anomaly() -> None:
    recipe = Draem(SHAPE, threshold=(0.1, 0.2), max_scale=2)
    for batch in slices(draem=recipe, labelled=True).epoch(generator()):
        assert batch.label is not None
        assert torch.equal(batch.original, batch.original.round()), "the store's values are whole numbers"
        assert torch.equal(batch.original[batch.label == 0], batch.image[batch.label == 0])
        assert (batch.original != batch.image).any()
    assert all(torch.equal(b.original, b.image) for b in slices(labelled=True).epoch(generator()))


def test_a_bank_keeps_original_and_partner_with_the_slice() -> None:
    recipe = Draem(SHAPE, threshold=(0.1, 0.2), max_scale=2)
    source = slices(draem=recipe, labelled=True, pairs=True)
    made = list(source.epoch(generator()))
    kept = {
        image.numpy().tobytes(): (o, p) for b in made for image, o, p in zip(b.image, b.original, b.partner)
    }
    for batch in Bank(source, 10, generator()).epoch(generator(1)):
        for image, original, partner in zip(batch.image, batch.original, batch.partner):  # type: ignore[arg-type]
            wanted = kept[image.numpy().tobytes()]
            assert torch.equal(original, wanted[0])
            assert torch.equal(partner, wanted[1])


def test_reading_keeps_the_asked_volumes_and_names_an_empty_part() -> None:
    arrays = np.random.default_rng(0).random((N, D, *SHAPE)).astype(np.float16)
    mask = (arrays > 0.5).astype(np.uint8)
    packed = Packed(arrays, mask, mask, [f"sub-{i}" for i in range(N)])
    read = Store.read(packed, np.array([3, 1]), CPU, "train part")
    assert np.array_equal(read.t1.numpy(), arrays[[3, 1]])
    assert np.array_equal(read.brain.numpy(), mask[[3, 1]] > 0)
    assert read.digest() != Store.read(packed, np.array([1, 3]), CPU, "train part").digest()
    with pytest.raises(SplitError, match="train part of fold 2"):
        Store.read(packed, np.array([], dtype=int), CPU, "train part of fold 2")
