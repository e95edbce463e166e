"""Rule pictures: slices of cases, every row beside them, synthetic anomalies."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from itertools import product

    from sadm.figures.pictures import pictures
    from sadm.figures.results import Results

    files, about, out = snakemake.input, snakemake.params.about, dict(snakemake.output.items())
    made = dict(zip(product(about["titles"], about["reconstructors"]), files.reconstructions, strict=True))
    fixed = (Results.of(about, files, 1), made, about["sources"], about["shown"], about["beta"])
    pictures(*fixed, files.healthy[0], out)
