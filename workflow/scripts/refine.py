"""Rule refine: the map from SRI24 to one scan, by its brain."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.failed_step import attempt
    from sadm.preprocess.refine import refine

    files, params, out = snakemake.input, snakemake.params, snakemake.output
    attempt("refine", lambda: refine(
        files.t1, files.mask, files.start, files.template, out[0], space=params.kind["space"], **params.settings
    ), [files.t1], [files.start, files.mask], out)  # fmt: skip
