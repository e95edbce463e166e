"""Rule refine: the map from SRI24 to one scan, by its brain."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.refine import refine

    files, params = snakemake.input, snakemake.params
    refine(
        files.t1, files.mask, files.start, files.template, snakemake.output[0], **params.kind, **params.settings
    )  # fmt: skip
