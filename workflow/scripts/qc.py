"""Rule qc: the checks and pictures of all scans of a data set as one page."""

from sadm.study.step import step

with step(snakemake) as project:
    from sadm.report.qc import qc

    files, params = snakemake.input, snakemake.params
    qc(files.checks, files.pictures, project / "workflow/report", snakemake.output[0], params.title, files.notes)
