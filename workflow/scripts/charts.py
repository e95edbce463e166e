"""Rule charts: Dice against beta and lesion volume, precision against recall, training curves."""

from sadm.study.step import step

with step(snakemake):
    from sadm.figures.charts import charts
    from sadm.figures.results import Results
    from sadm.study.layout import Layout

    files, params, layout = snakemake.input, snakemake.params, Layout(**snakemake.params.layout)
    results = Results.of(files, layout, params.about, layout.folds)
    charts(results, files.curves, out=dict(snakemake.output.items()), **params.settings)
