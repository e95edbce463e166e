"""From kept maps and scores to figures.

Takes the packed test sets, the maps, reconstructions and scores of all rows, and the training curves. Leaves pictures of slices
(fold 0) and charts (all folds), of the first seed, each as .png and .svg, and the numbers behind the charts. No model runs.
"""

from itertools import product

TITLES = {name: dataset["title"] or name for name, dataset in study.datasets.items()} | {"draem": "DRAEM"}
ROWS = {row: list(models) for row, models in study.rows.items()} | {name: [name] for name in study.trivial}
MAPPED = list(dict.fromkeys(model for models in ROWS.values() for model in models))
# The models that reconstruct, for each row; all of them.
SOURCES = {
    row: list(dict.fromkeys(found for found in map(study.reconstructor, models) if found))
    for row, models in study.rows.items()
}
RECONSTRUCTORS = list(dict.fromkeys(model for models in SOURCES.values() for model in models))
# The row shown on a test set: of those in the config, the one trained on it, else the first.
CHOSEN = study.config["figures"] or list(study.rows)
SHOWN = {
    testset: max(CHOSEN, key=lambda row: testset in map(study.trained_on, study.rows[row]))
    for testset in study.testsets
}
ABOUT = {
    "titles": {testset: TITLES[testset] for testset in study.testsets},
    "rows": ROWS,
    "sources": SOURCES,
    "reconstructors": RECONSTRUCTORS,
    "shown": SHOWN,
    "beta": study.section("score")["beta"],
}
PICTURES = [f"{testset}_{kind}" for testset in study.testsets for kind in ("cases", "methods")]
PICTURES += ["anomalies"] if "draem" in study.testsets else []
CHARTS = ["beta"] if any(len(models) == 2 for models in study.rows.values()) else []
CHARTS += ["precision_recall", "lesion_volume", "training"]


# What a row learnt from: its data set with anomalies if it has one, else the healthy one, else nothing.
LEARNT = {
    row: sorted({study.trained_on(model) for model in study.rows.get(row, ())}, key=study.healthy.__eq__)[:1]
    for row in ROWS
}
GROUPS = {
    title: [row for row in ROWS if LEARNT[row] == learnt]
    for title, learnt in {
        (
            "trivial"
            if not each
            else "healthy scans" if each == [study.healthy] else f"trained on {TITLES[each[0]]}"
        ): each
        for each in LEARNT.values()
    }.items()
}
# The files that `sadm.figures.results.Results.of` takes, of all rows and test sets in these folds.
RESULTS_OF = lambda folds: {
    "packed": [
        path
        for t in study.testsets
        for path in expand((rules.synthesise if t == "draem" else rules.pack).output.t1, dataset=t)
    ],
    "splits": expand(rules.splits.output, dataset=map(study.source, study.testsets)),
    "scores": [
        path
        for t in study.testsets
        for path in expand(rules.evaluate.output[t], row=ROWS, fold=folds, seed="")
    ],
    "maps": [
        path
        for t, model in product(study.testsets, MAPPED)
        for path in expand(
            rules.trivial.output[f"{model}/{t}"] if model in study.trivial else rules.predict.output[t],
            model=model,
            testset=t,
            fold=folds,
            seed="",
        )
    ],
}
PICTURED = RESULTS_OF([0]) | {
    "reconstructions": [
        path
        for t in study.testsets
        for path in expand(rules.reconstruct.output[t], model=RECONSTRUCTORS, fold=0, seed="")
    ],
}


rule pictures:
    input:
        **PICTURED,
        healthy=expand(rules.pack.output.t1, dataset=study.healthy),
    output:
        **{
            name: report(
                [f"results/figures/{name}.png", f"results/figures/{name}.svg"],
                caption=f"../report/{name.rpartition('_')[2]}.rst",
                category="Pictures",
                labels={"picture": name},
            )
            for name in PICTURES
        },
    log:
        "logs/pictures/pictures.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=30,
    params:
        about=ABOUT,
        code=code("pictures.py"),
    message:
        "Drawing cases of {params.about[shown]}, and every row beside them."
    script:
        "../scripts/pictures.py"


rule charts:
    input:
        **RESULTS_OF(range(study.folds)),
        curves=expand(rules.train.output.curve, model=study.models, fold=range(study.folds), seed=""),
    output:
        **{
            name: report(
                [f"results/figures/{name}.png", f"results/figures/{name}.svg"],
                caption=f"../report/{name}.rst",
                category="Charts",
                labels={"chart": name},
            )
            for name in CHARTS
        },
        numbers=[f"results/figures/{name}.tsv" for name in CHARTS if name != "training"],
    log:
        "logs/charts/charts.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(4000),
        runtime=240,
    params:
        about=ABOUT,
        models=study.models,
        folds=study.folds,
        settings={
            "groups": GROUPS,
            "voxel_ml": (study.section("grid")["spacing"] * study.section("grid")["downsample"]) ** 3 / 1000,
            "seed": study.seed,
        },
        code=code("charts.py"),
    message:
        "Drawing Dice against beta and lesion volume, precision against recall, and the training curves."
    script:
        "../scripts/charts.py"
