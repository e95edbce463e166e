"""Rule demo_head: one synthetic head and its lesion mask."""

from sadm.study.step import step

with step(snakemake):
    from sadm.demo.synthetic_head import write_head

    p, o = snakemake.params, snakemake.output
    write_head(snakemake.input[0], p.kind, p.site, p.seed, snakemake.wildcards.scan, o.t1, o.lesion)
