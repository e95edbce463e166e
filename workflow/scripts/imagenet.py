"""Rule imagenet: the ImageNet weights of one feature extractor."""

from sadm.study.step import step

with step(snakemake):
    from sadm.training.imagenet_weights import imagenet

    imagenet(snakemake.wildcards.network, snakemake.params.weights, snakemake.output[0])
