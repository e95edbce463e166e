"""Rule template: the SRI24 head and brain."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.template import template

    template(snakemake.output.head, snakemake.output.brain, snakemake.params.path)
