"""Rule hdbet_weights: the published parameters of HD-BET 1."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.hdbet1_weights import convert

    convert(snakemake.output[0], snakemake.params.place)
