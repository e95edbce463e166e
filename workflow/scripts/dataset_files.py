"""Rules dataset_files, native_files: what makes the results of a data set a BIDS derivative."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.dataset_files import dataset_files

    params = snakemake.params
    dataset_files(
        dict(snakemake.output.items()), kind=params.kind, title=params.title, links=params.links, qc=snakemake.input.qc
    )  # fmt: skip
