"""Rule imagenet: the ImageNet weights of one feature extractor."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.training.imagenet_weights import imagenet

    imagenet(snakemake.wildcards.network, snakemake.params.weights, snakemake.output[0])
