"""Rule reconstruct: pseudo-healthy reconstructions of every scored set by one model."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.prediction.reconstruct import reconstruct

    files, names, params = snakemake.input, snakemake.wildcards, snakemake.params
    sets = zip(params.sets, files.packed, files.splits, snakemake.output, strict=True)
    for (name, part), t1, splits, out in sets:
        where = {"name": name, "part": part, "packed": Path(t1).parent, "splits": splits}
        own = {"model": names.model, "fold": int(names.fold), "weights": files.weights, "out": out}
        how = {"device": params.device, "scored_with": params.scored_with}
        reconstruct(**where, **own, **how, **params.settings)
