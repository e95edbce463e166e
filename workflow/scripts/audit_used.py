"""Rule audit_used: nothing but test scans was measured, nothing but validation scans was fitted on."""

from sadm.study.step import step

with step(snakemake):
    from sadm.cohort.audit import audit_used

    files, params = snakemake.input, snakemake.params
    used = (files.scores, files.thresholds, files.healthy)
    audit_used(*used, files.splits, params.sources, params.healthy, snakemake.output[0], files.released)
