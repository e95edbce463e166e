"""Rule trivial: the maps of the scores without a learned model, for one fold and test set."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.trivial import trivial

    files, names = snakemake.input, snakemake.wildcards
    healthy, packed = (Path(f[0]).parent for f in (files.healthy, files.packed))
    data = (healthy, files.healthy_splits[0], packed, files.splits[0])
    trivial(
        *data, int(names.fold), names.testset, out=dict(snakemake.output.items()), **snakemake.params.settings
    )
