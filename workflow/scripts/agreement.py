"""Rule agreement: how HD-BET's and deepbet's brain masks of a data set agree."""

from sadm.study.step import step

with step(snakemake):
    from sadm.data.base import by_scan
    from sadm.preprocess.mask_agreement import agreement

    files = snakemake.input
    agreement(by_scan(files.hdbet), by_scan(files.deepbet), snakemake.output[0])
