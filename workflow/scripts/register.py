"""Rule register: the map from SRI24 to one scan, by its head."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.failed_step import attempt
    from sadm.preprocess.register import register

    files, params, out = snakemake.input, snakemake.params, snakemake.output
    attempt("register", lambda: register(
        files.t1, files.head, files.brain, out[0], grid=params.grid, **params.kind, **params.settings
    ), [files.t1], [], out)  # fmt: skip
