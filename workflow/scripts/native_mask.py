"""Rule native_mask: the masks of one scan, in its own space."""

from sadm.study.step import step

with step(snakemake):
    from sadm.native.native_mask import native_mask

    files = snakemake.input
    native_mask(
        files.t1, files.brain, files.start, files.lesion, files.refined, dict(snakemake.output.items()),
        raw=snakemake.params.raw,
    )  # fmt: skip
