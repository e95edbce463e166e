"""Rule register: the map from SRI24 to one scan, by its head."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.register import register

    files, params = snakemake.input, snakemake.params
    register(
        files.t1, files.head, files.brain, snakemake.output[0], grid=params.grid, **params.kind, **params.settings
    )  # fmt: skip
