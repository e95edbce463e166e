"""Rule reconstruct: pseudo-healthy reconstructions of every test set by one model."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.reconstruct import reconstruct

    files, names, params = snakemake.input, snakemake.wildcards, snakemake.params
    for testset, t1, splits, out in zip(
        params.testsets, files.packed, files.splits, snakemake.output, strict=True
    ):
        reconstruct(
            model=names.model, fold=int(names.fold), testset=testset, packed=Path(t1).parent, splits=splits,
            weights=files.weights, out=out, device=params.device, scored_with=params.scored_with, **params.settings,
        )  # fmt: skip
