"""From anomaly maps to numbers.

Takes the maps of the scored sets. Leaves for each row and fold the measures of every test volume, the thresholds with the scans
that they were fitted on, the areas over whole test sets and what healthy scans show.
"""

SCORES = ("thresholds", "pooled", "healthy")  # beside a table a test set
MEASURES = {key: study.section("score")[key] for key in ("rates", "tolerance")}
MEASURES["spacing"] = study.section("grid")["spacing"] * study.section("grid")["downsample"]

# Weight of a row's first map: a row of one map does not change with the config's.
BETA = {
    row: study.section("score")["beta"] if len(models) == 2 else 1.0 for row, models in study.rows.items()
}

# Where the maps of a row lie: its models', or its own if it is trivial.
MAPS = lambda w, key: (
    rules.trivial.output[f"{w.row}/{key}"] if w.row in study.trivial else rules.predict.output[key]
)


rule trivial:
    input:
        **SCORED,
        healthy=expand(rules.pack.output.t1, dataset=study.healthy),
        healthy_splits=expand(rules.splits.output, dataset=study.healthy),
    output:
        **{
            f"{name}/{key}": f"results/maps/{name}/fold{{fold}}/{key}.npy"
            for name in study.trivial
            for key in study.scored
        },
    log:
        "logs/trivial/fold{fold}.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(4000),
        runtime=120,
    params:
        sets=list(study.scored.values()),
        settings={
            "study_seed": study.seed,
            "sigma": study.section("score")["ssim_sigma"],
            "median": study.section("score")["median"],
        },
        code=code("trivial.py"),
    message:
        "Scoring all sets, fold {wildcards.fold}, without a model: the trivial scores that any method must beat."
    script:
        "../scripts/trivial.py"


rule evaluate:
    input:
        **SCORED,
        maps=lambda w: [
            path
            for key in study.scored
            for path in expand(MAPS(w, key), model=study.rows.get(w.row, ()) or "", fold=w.fold, seed=w.seed)
        ],
    output:
        **{
            name: f"results/scores/{{row}}/fold{{fold}}{{seed}}/{name}.tsv"
            for name in [*study.testsets, *SCORES]
        },
    log:
        "logs/evaluate/{row}_fold{fold}{seed}.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=360,
    params:
        sets=list(study.scored.values()),
        sources={testset: study.source(testset) for testset in study.testsets},
        healthy=study.healthy,
        settings=lambda w: MEASURES | {"beta": BETA.get(w.row, 1.0)},
        code=code("evaluate.py"),
    message:
        "Measuring {wildcards.row}, fold {wildcards.fold}{wildcards.seed}, on all test sets, beta {params.settings[beta]}."
    script:
        "../scripts/evaluate.py"
