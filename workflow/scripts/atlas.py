"""Rule atlas: the SRI24 head and brain."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.preprocess.template import atlas

    atlas(snakemake.output.head, snakemake.output.brain, snakemake.params.path)
