"""Rule demo_phantom: what all heads of the demo share."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.demo.phantom import make_phantom

    make_phantom(snakemake.input.head, snakemake.input.brain, snakemake.output[0])
