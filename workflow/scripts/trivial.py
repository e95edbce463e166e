"""Rule trivial: the maps of the scores without a learned model, for one fold."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.prediction.trivial import TRIVIAL, trivial

    files, params, fold = snakemake.input, snakemake.params, int(snakemake.wildcards.fold)
    where = zip(params.sets, files.packed, files.splits, strict=True)
    sets = [
        dict(zip(("name", "part"), key)) | {"packed": Path(t1).parent, "splits": s} for key, t1, s in where
    ]
    count, paths = len(sets), list(snakemake.output)
    out = {name: paths[k * count : (k + 1) * count] for k, name in enumerate(TRIVIAL)}
    trivial(Path(files.healthy[0]).parent, files.healthy_splits[0], sets, fold, out=out, **params.settings)
