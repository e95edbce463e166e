"""Rule evaluate: the scores of one row and fold on every test set."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.evaluate import evaluate

    files, params, sets = snakemake.input, snakemake.params, {}
    each = len(files.maps) // len(params.sets)
    for k, (key, t1, splits) in enumerate(zip(params.sets, files.packed, files.splits, strict=True)):
        own = {"packed": Path(t1).parent, "splits": splits}
        sets[tuple(key)] = own | {"maps": files.maps[k * each : (k + 1) * each]}
    about = (params.sources, params.healthy, int(snakemake.wildcards.fold), params.settings)
    evaluate(sets, *about, dict(snakemake.output.items()))
