"""Rule trivial: the maps of the scores without a learned model, for one fold."""

from sadm.study.step import step

with step(snakemake):
    from pathlib import Path

    from sadm.cohort.packed import parts
    from sadm.prediction.trivial import trivial

    files, params, fold = snakemake.input, snakemake.params, int(snakemake.wildcards.fold)
    folders = [Path(t1).parent for t1 in files.packed]
    where = (params.splits_of, folders, files.splits, fold)
    healthy = parts({"train": (params.healthy, "train")}, *where)["train"]
    sets = parts(params.sets, *where)
    trivial(healthy, sets, fold, **params.settings, out=dict(snakemake.output.items()))
