"""Rule bias: the N4 field of one scan."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.bias import bias

    files, params = snakemake.input, snakemake.params
    bias(
        files.t1, files.mask, files.start, files.refined, files.template, snakemake.output[0],
        space=params.kind["space"], grid=params.grid, **params.settings,
    )  # fmt: skip
