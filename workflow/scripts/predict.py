"""Rule predict: the anomaly maps of every scored set by one model."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.prediction.predict import predict

    files, params, fold = snakemake.input, snakemake.params, int(snakemake.wildcards.fold)
    sets = zip(params.parts, files.packed, files.splits, snakemake.output, strict=True)
    for k, (part, t1, splits, out) in enumerate(sets):
        made = files.reconstructions[k] if files.reconstructions else None
        where = {"packed": Path(t1).parent, "splits": splits, "part": part, "reconstructions": made}
        own = {"fold": fold, "weights": files.weights, "out": out, "device": params.device}
        predict(**own, **where, **params.settings)
