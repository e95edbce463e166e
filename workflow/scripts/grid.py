"""Rule grid: the prepared volume of one scan, and its check."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.preprocess.grid import grid

    files, params = snakemake.input, snakemake.params
    grid(
        files.t1, files.mask, files.start, files.refined, files.field, str(files.lesion), files.atlas,
        dict(snakemake.output.items()), grid=params.grid, limits=params.limits,
    )  # fmt: skip
