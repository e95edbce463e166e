"""Rule pictures: slices of cases, every row beside them, synthetic anomalies."""

from sadm.study.step import step

with step(snakemake):
    from sadm.figures.pictures import pictures
    from sadm.figures.results import Results
    from sadm.study.layout import Layout

    files, params = snakemake.input, snakemake.params
    results = Results.of(files, Layout(**params.layout), params.about, 1)
    pictures(results, files.healthy[0], dict(snakemake.output.items()))
