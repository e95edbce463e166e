"""Rule figures: a picture of three cases of a test set."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.figures import figures

    files, params = snakemake.input, snakemake.params
    maps, packed = dict(zip(params.models, files.maps, strict=True)), Path(files.packed[0]).parent
    given = {
        "reconstructions": next(iter(files.reconstructions), None),
        "beta": params.beta,
    } | params.settings
    figures(packed, files.splits[0], 0, files.scores[0], maps, out=snakemake.output[0], **given)
