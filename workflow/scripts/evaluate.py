"""Rule evaluate: the scores of one row and fold on every test set."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.evaluation.evaluate import evaluate

    files, params, sets = snakemake.input, snakemake.params, {}
    each = len(files.maps) // len(params.sets)
    for k, (key, t1, splits) in enumerate(zip(params.sets, files.packed, files.splits, strict=True)):
        maps = files.maps[k * each : (k + 1) * each]
        sets[tuple(key)] = {"packed": Path(t1).parent, "splits": splits, "maps": maps}
    about = (params.sources, params.healthy, int(snakemake.wildcards.fold), params.settings)
    evaluate(sets, *about, out=dict(snakemake.output.items()))
