"""Rules strip_...: the brain masks of many scans by HD-BET, on the SRI24 grid."""

from sadm.study.step import step

with step(snakemake):
    from sadm.data.base import by_scan
    from sadm.preprocess.strip import strip

    files, params = snakemake.input, snakemake.params
    strip(
        params.t1s, by_scan(files.transform), files.template, by_scan(snakemake.output.mask), params.kept,
        device=params.device, threads=snakemake.threads, code=params.code, raw=params.raw, **params.settings,
    )  # fmt: skip
