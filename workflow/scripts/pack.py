"""Rule pack: the prepared volumes of one data set as memory-mapped arrays."""

from sadm.study.step import step

with step(snakemake):
    from sadm.data.base import by_scan
    from sadm.preprocess.pack import pack

    files, params = snakemake.input, snakemake.params
    pack(
        {name: by_scan(files[name]) for name in ("t1", "brain", "lesion")}, files.qc,
        dict(snakemake.output.items()), **params.settings, dataset=snakemake.wildcards.dataset,
    )  # fmt: skip
