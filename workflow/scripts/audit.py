"""Rule audit: no subject and no image on two sides."""

from sadm.study.step import step

with step(snakemake):
    from sadm.cohort.audit import audit

    files = snakemake.input
    audit(files.splits, files.sheets, snakemake.output[0], files.prints)
