"""Rule grid: the prepared volume of one scan, and its check."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.failed_step import attempt
    from sadm.preprocess.grid import grid
    from sadm.preprocess.quality import failed_check

    files, params, said = snakemake.input, snakemake.params, snakemake.wildcards
    out, lesion = dict(snakemake.output.items()), str(files.lesion)
    why = attempt("grid", lambda: grid(
        files.t1, files.mask, files.start, files.refined, files.field, lesion, files.template, out,
        dataset=said.dataset, scan=said.scan, space=params.space, grid=params.grid, limits=params.limits, raw=params.raw,
    ), [files.t1, lesion], [files.start, files.mask, files.refined, files.field], out.values())  # fmt: skip
    if why:
        failed_check(said.dataset, said.scan, why, out["qc"])
