"""Rule evaluate: the scores of one row and fold on every test set."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.evaluate import evaluate

    files, fold, count = snakemake.input, int(snakemake.wildcards.fold), len(snakemake.output)
    for k, (t1, splits, out) in enumerate(zip(files.packed, files.splits, snakemake.output, strict=True)):
        maps = files.maps[k * len(files.maps) // count : (k + 1) * len(files.maps) // count]
        evaluate(maps, Path(t1).parent, splits, fold, snakemake.params.beta, out)
