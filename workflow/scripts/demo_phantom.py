"""Rule demo_phantom: what all heads of the demo share."""

from sadm.study.step import step

with step(snakemake):
    from sadm.demo.phantom import make_phantom

    make_phantom(snakemake.input.head, snakemake.input.brain, snakemake.output[0])
