"""Rules deepbet_... and hdbet_...: the brain masks of a chunk of heads, on the SRI24 grid."""

from sadm.study.step import step

with step(snakemake):
    from sadm.data.base import by_scan
    from sadm.preprocess.strip import strip

    files, params = snakemake.input, snakemake.params
    strip(
        params.t1s, by_scan(files.transform), files.template, by_scan(snakemake.output.mask), params.kept,
        code=params.code, raw=params.raw, method=params.method, weights=str(files.weights), settings=params.settings,
        device=params.device, threads=snakemake.threads,
    )  # fmt: skip
