"""Rule native_mask: the masks of one scan, in its own space."""

from sadm.study.step import step

with step(snakemake):
    from sadm.native.native_mask import native_mask
    from sadm.preprocess.failed_step import attempt

    files, out = snakemake.input, dict(snakemake.output.items())
    attempt("native_mask", lambda: native_mask(
        files.t1, files.brain, files.start, files.lesion, files.refined, out, raw=snakemake.params.raw
    ), [files.t1], [files.start, files.brain, files.refined, files.lesion], out.values())  # fmt: skip
