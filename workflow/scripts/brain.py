"""Rule brain: the brain mask of one scan that brings it or comes stripped, on the SRI24 grid."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.brain import brain

    files, params = snakemake.input, snakemake.params
    brain(
        files.t1, files.transform, files.template, str(files.given), snakemake.output.mask, method=params.method, raw=params.raw
    )  # fmt: skip
