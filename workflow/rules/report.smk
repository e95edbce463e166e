# Takes the scores of all rows; leaves Table 1, and a picture of three cases of each test set.
TITLES = {name: dataset["title"] or name for name, dataset in study.datasets.items()} | {"draem": "DRAEM"}
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
STUDY = {key: study.config[key] for key in ("name", "protocol", "seed", "grid", "score")}
TRAINED = {
    model: [study.source(study.trained_on(model)), *(study.hyper(model)[key] for key in ("epochs", "slices"))]
    for model in study.models
}
# The row shown on a test set: of those in the config, the one trained on it, else the first.
FIGURES = study.config["figures"] or list(study.rows)
SHOWN = {
    testset: max(FIGURES, key=lambda row: testset in map(study.trained_on, study.rows[row]))
    for testset in study.testsets
}
MODELS = {testset: list(study.rows[row]) for testset, row in SHOWN.items()}
RECONSTRUCTORS = {
    testset: [found for found in map(study.reconstructor, models) if found][:1]
    for testset, models in MODELS.items()
}


rule table:
    input:
        audit=lambda w: rules.audit_used.output,
        scores=[
            path.format(row=row, fold=fold)
            for row in [*study.rows, *study.trivial]
            for fold in range(study.folds)
            for path in [rules.evaluate.output[testset] for testset in study.testsets]
        ],
        excluded=expand(rules.pack.output.excluded, dataset=study.datasets),
        splits=expand(rules.splits.output, dataset=study.datasets),
    output:
        csv="results/table1.csv",
        md="results/table1.md",
        tex="results/table1.tex",
    log:
        "logs/table/table.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        layout=LAYOUT,
        study=STUDY,
        models=TRAINED,
        datasets=list(study.datasets),
        code=code("table.py"),
    message:
        "Writing Table 1 of study {params.study[name]}: {params.layout[folds]} folds."
    script:
        "../scripts/table.py"


rule figures:
    input:
        packed=lambda w: expand(
            (rules.synthesise if w.testset == "draem" else rules.pack).output, dataset=w.testset
        ),
        splits=lambda w: expand(rules.splits.output, dataset=study.source(w.testset)),
        scores=lambda w: expand(rules.evaluate.output[w.testset], row=SHOWN[w.testset], fold=0),
        maps=lambda w: expand(rules.predict.output[w.testset], model=MODELS[w.testset], fold=0),
        reconstructions=lambda w: expand(
            rules.reconstruct.output[w.testset], model=RECONSTRUCTORS[w.testset], fold=0
        ),
    output:
        "results/figures/{testset}.png",
    log:
        "logs/figures/{testset}.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        models=lambda w: MODELS[w.testset],
        settings=lambda w: {"row": SHOWN[w.testset], "title": TITLES[w.testset]},
        beta=study.section("score")["beta"],
        code=code("figures.py"),
    message:
        "Drawing the best, the median and the worst case of {wildcards.testset} by {params.settings[row]}."
    script:
        "../scripts/figures.py"
