"""Rule reconstruct: pseudo-healthy reconstructions of a test set by one model."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.reconstruct import reconstruct

    files, names = snakemake.input, snakemake.wildcards
    reconstruct(
        model=names.model, fold=int(names.fold), testset=names.testset, packed=Path(files.packed[0]).parent,
        splits=files.splits[0], weights=files.weights, out=snakemake.output[0], **snakemake.params.settings,
    )  # fmt: skip
