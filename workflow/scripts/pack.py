"""Rule pack: the prepared volumes of one data set as memory-mapped arrays."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.preprocess.pack import pack

    files, params = snakemake.input, snakemake.params
    pack(
        params.scans, {name: list(files[name]) for name in ("t1", "brain", "lesion")}, list(files.qc),
        dict(snakemake.output.items()), on_failure=params.on_failure, dataset=snakemake.wildcards.dataset,
    )  # fmt: skip
