"""Rule agreement: how HD-BET's and deepbet's brain masks of a data set agree."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0]):
    from sadm.data.base import by_scan
    from sadm.preprocess.mask_agreement import agreement

    files = snakemake.input
    agreement(by_scan(files.hdbet), by_scan(files.deepbet), snakemake.output[0])
