"""Rule evaluate: the scores of one row and fold on every test set."""

from sadm.study.step import step

with step(snakemake):
    from pathlib import Path

    from sadm.cohort.packed import parts
    from sadm.evaluation.evaluate import evaluate
    from sadm.evaluation.volumes import TableRow

    files, params, fold = snakemake.input, snakemake.params, int(snakemake.wildcards.fold)
    folders = [Path(t1).parent for t1 in files.packed]
    sets = parts(params.sets, params.splits_of, folders, files.splits, fold).values()
    row = TableRow(snakemake.wildcards.row, params.models, fold, params.seed, params.beta)
    about = (params.splits_of, params.healthy, params.settings)
    evaluate(row, sets, files.maps, *about, out=dict(snakemake.output.items()))
