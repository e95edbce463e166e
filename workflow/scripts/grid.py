"""Rule grid: the prepared volume of one scan, and its check."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.grid import grid

    files, params, said = snakemake.input, snakemake.params, snakemake.wildcards
    grid(
        files.t1, files.mask, files.start, files.refined, files.field, str(files.lesion), files.template,
        dict(snakemake.output.items()), dataset=said.dataset, scan=said.scan, grid=params.grid, limits=params.limits,
        raw=params.raw,
    )  # fmt: skip
