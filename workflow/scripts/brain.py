"""Rule brain: the brain mask of one scan that brings it or comes stripped, on the SRI24 grid."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.brain import brain
    from sadm.preprocess.failed_step import attempt

    files, params, out = snakemake.input, snakemake.params, snakemake.output
    attempt("brain", lambda: brain(
        files.t1, files.transform, files.template, str(files.given), out.mask, method=params.method, raw=params.raw
    ), [files.t1, str(files.given)], [files.transform], out)  # fmt: skip
