"""Rule charts: Dice against beta and lesion volume, precision against recall, training curves."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from itertools import product

    from sadm.figures.charts import charts
    from sadm.figures.results import Results

    files, params = snakemake.input, snakemake.params
    found = Results.of(params.about, files, params.folds)
    curves = dict(zip(product(params.models, range(params.folds)), files.curves, strict=True))
    settings = {key: params[key] for key in ("groups", "voxel_ml", "seed")}
    charts(
        found,
        curves,
        list(params.about["shown"].values()),
        params.about["beta"],
        out=dict(snakemake.output.items()),
        **settings,
    )
