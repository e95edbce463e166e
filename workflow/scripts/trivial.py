"""Rule trivial: the maps of the scores without a learned model, for one fold and test set."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.trivial import trivial

    files, names = snakemake.input, snakemake.wildcards
    healthy, packed = Path(files.healthy[0]).parent, Path(files.packed[0]).parent
    splits = {"healthy_splits": files.healthy_splits[0], "splits": files.splits[0]}
    out = dict(snakemake.output.items())
    trivial(healthy, packed, int(names.fold), names.testset, out=out, **splits, **snakemake.params.settings)
