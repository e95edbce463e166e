"""Rule figures: a picture of three cases of a test set."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.figures import figures

    files, params, out = snakemake.input, snakemake.params, snakemake.output[0]
    maps, packed = dict(zip(params.models, files.maps, strict=True)), Path(files.packed[0]).parent
    made = next(iter(files.reconstructions), None)
    figures(packed, files.splits[0], 0, files.scores[0], maps, made, params.beta, out=out, **params.settings)
