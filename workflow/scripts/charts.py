"""Rule charts: Dice against beta and lesion volume, precision against recall, training curves."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from itertools import product

    from sadm.figures.charts import charts
    from sadm.figures.results import Results

    files, params, about = snakemake.input, snakemake.params, snakemake.params.about
    curves = dict(zip(product(params.models, range(params.folds)), files.curves, strict=True))
    fixed = (Results.of(about, files, params.folds), curves, list(about["shown"].values()), about["beta"])
    charts(*fixed, out=dict(snakemake.output.items()), **params.settings)
