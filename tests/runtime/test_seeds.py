"""Seeds of jobs."""

from sadm.runtime.seeds import seed


def test_seeds_depend_on_each_part() -> None:
    drawn = {
        seed(1, "train", "unet", 0),
        seed(1, "train", "unet", 1),
        seed(2, "train", "unet", 0),
        seed(1, "trainunet", 0),
    }
    assert len(drawn) == 4
    assert seed(1, "train", "unet", 0) == 1887845941486050240  # the same on every machine
