"""Rule bias: the N4 field of one scan."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.bias import bias
    from sadm.preprocess.failed_step import attempt

    files, params, out = snakemake.input, snakemake.params, snakemake.output
    attempt("bias", lambda: bias(
        files.t1, files.mask, files.start, files.refined, files.template, out[0],
        space=params.kind["space"], grid=params.grid, **params.settings,
    ), [files.t1], [files.start, files.mask, files.refined], out)  # fmt: skip
