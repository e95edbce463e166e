"""Rule template: the SRI24 head and brain."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.preprocess.template import template

    template(snakemake.output.head, snakemake.output.brain, snakemake.params.path)
