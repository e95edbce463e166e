"""Rule audit_used: nothing but test scans was measured, nothing but validation scans was fitted on."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.cohort.audit import audit_used

    files, params = snakemake.input, snakemake.params
    runs = [tuple(run) for run in params.runs]
    keys = [(*run, testset) for run in runs for testset in params.sources]
    by_run = (dict(zip(runs, each, strict=True)) for each in (files.thresholds, files.healthy))
    splits = dict(zip(params.datasets, files.splits, strict=True))
    scores = dict(zip(keys, files.scores, strict=True))
    audit_used(scores, *by_run, splits, params.sources, snakemake.output[0])
