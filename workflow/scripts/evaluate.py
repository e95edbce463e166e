"""Rule evaluate: the scores of one row, fold and test set."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.evaluate import evaluate

    files = snakemake.input
    packed, fold = Path(files.packed[0]).parent, int(snakemake.wildcards.fold)
    evaluate(files.maps, packed, files.splits[0], fold, snakemake.params.beta, snakemake.output[0])
