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
    "seeds": TRAINING["seeds"],
    "healthy": study.healthy,
    "titles": TITLES,
    "marks": {
        row: "random features"
        for row, models in study.rows.items()
        if study.random_features and any(map(study.imagenet, models))
    },
}
RUNS = runs(list(study.rows), study.trivial, study.folds, TRAINING["seeds"])
MEASURED = lambda name: [
    rules.evaluate.output[name].format(row=row, fold=fold, seed=tag(number)) for row, fold, number in RUNS
]
# Files of all runs, and of the test sets within.
EVALUATED = {"scores": [path for each in zip(*map(MEASURED, study.testsets)) for path in each]} | {
    name: MEASURED(name) for name in ("thresholds", "pooled", "healthy")
}
ORIGINS = {testset: study.source(testset) for testset in study.testsets}
STATISTICS = ("summary", "pairs", "groups", "released", "thresholds", "pooled", "healthy")
STATISTICS += ("alarms", "rankings", "agreement")
PAPER = f"{ROOT}/workflow/report/paper_table1.csv"
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
        sources=ORIGINS,
        healthy=study.healthy,
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
        paper=PAPER,
    output:
        **{name: f"results/statistics/{name}.tsv" for name in STATISTICS},
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
        "Intervals from {params.settings[resamples]} resamples of subjects, paired tests, groups, rankings."
    script:
        "../scripts/statistics.py"
