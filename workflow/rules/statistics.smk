"""From numbers to what they say.

Takes the measures of all rows and folds. Leaves the audit of what they used, and tables of intervals, paired tests and groups.
"""

LAYOUT = {
    "rows": {
        row: sorted({study.trained_on(m) for model in models for m in [model, *study.needs(model)]})
        for row, models in study.rows.items()
    },
    "trivial": study.trivial,
    "testsets": study.testsets,
    "folds": study.folds,
    "healthy": study.healthy,
    "titles": TITLES,
    "marks": {
        row: "random features"
        for row, models in study.rows.items()
        if study.random_features and any(map(study.imagenet, models))
    },
}
ALL_ROWS = [*study.rows, *study.trivial]
# Files of all rows and folds, in that order, and of the test sets within.
EVALUATED = {
    "scores": [
        rules.evaluate.output[testset].format(row=row, fold=fold)
        for row in ALL_ROWS
        for fold in range(study.folds)
        for testset in study.testsets
    ]
} | {name: expand(rules.evaluate.output[name], row=ALL_ROWS, fold=range(study.folds)) for name in SCORES}
ORIGINS = {testset: study.source(testset) for testset in study.testsets}
# The healthy data set first.
DATASETS = sorted(study.datasets, key=lambda name: name != study.healthy)


rule audit_used:
    input:
        **EVALUATED,
        audit=rules.audit.output,
        splits=expand(rules.splits.output, dataset=DATASETS),
    output:
        "results/audit_used.tsv",
    log:
        "logs/audit/used.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=10,
    params:
        rows=ALL_ROWS,
        folds=study.folds,
        sources=ORIGINS,
        datasets=DATASETS,
        code=code("audit_used.py"),
    message:
        "Refuse scores of scans that are no test scans, and thresholds fitted on any but validation scans."
    script:
        "../scripts/audit_used.py"


rule statistics:
    input:
        **EVALUATED,
        audit=rules.audit_used.output,
        splits=expand(rules.splits.output, dataset=DATASETS),
        sheets=[rules.cohort.output[0].format(dataset=name) for name in DATASETS],
    output:
        **{
            name: f"results/statistics/{name}.tsv"
            for name in ("summary", "pairs", "groups", "released", "thresholds", "pooled", "healthy")
        },
    log:
        "logs/statistics/statistics.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(4000),
        runtime=30,
    params:
        datasets=DATASETS,
        sources=ORIGINS,
        layout=LAYOUT,
        score=study.section("score"),
        settings=study.section("statistics") | {"seed": study.seed},
        code=code("statistics.py"),
    message:
        "Intervals from {params.settings[resamples]} resamples of subjects, paired tests, groups."
    script:
        "../scripts/statistics.py"
