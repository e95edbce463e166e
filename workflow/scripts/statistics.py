"""Rule statistics: intervals, tests and groups, as tidy tables."""

from sadm.study.step import step

with step(snakemake) as project:
    from sadm.statistics.tables import statistics

    files, params, out = snakemake.input, snakemake.params, dict(snakemake.output.items())
    about = (
        project / "workflow/report/paper_table1.csv",
        params.sources,
        params.layout,
        params.score,
        params.settings,
    )
    statistics(files, files.splits, files.sheets, *about, out=out)
