"""From anomaly maps to numbers.

Takes the maps of the scored sets. Leaves for each row and fold the measures of every test volume, the thresholds with the scans
that they were fitted on, the areas over whole test sets and what healthy scans show.
"""


rule trivial:
    input:
        packed=expand(rules.pack.output.t1, dataset=study.sets),
        splits=expand(rules.splits.output, dataset=study.source_sets),
    output:
        **{f"{m}/{key}": f"results/maps/{m}/fold{{fold}}/{key}.safetensors" for m, key in study.trivial_maps},
    log:
        "logs/trivial/fold{fold}.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(4000),
        runtime=120,
    params:
        sets=study.scored,
        healthy=study.healthy,
        splits_of=study.splits_of,
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
        packed=expand(rules.pack.output.t1, dataset=study.sets),
        splits=expand(rules.splits.output, dataset=study.source_sets),
        # Maps of a trivial score are named as if it were a model.
        maps=lambda w: expand(rules.predict.output, model=study.maps_of(w.row), fold=w.fold, seed=w.seed),
    output:
        **{name: f"results/scores/{{row}}/fold{{fold}}{{seed}}/{name}.tsv" for name in study.score_tables},
        thresholds="results/scores/{row}/fold{fold}{seed}/thresholds.tsv",
        pooled="results/scores/{row}/fold{fold}{seed}/pooled.tsv",
        healthy="results/scores/{row}/fold{fold}{seed}/healthy.tsv",
    log:
        "logs/evaluate/{row}_fold{fold}{seed}.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=360,
    params:
        seed=lambda w: seed_number(w.seed),
        models=lambda w: study.maps_of(w.row),
        beta=lambda w: study.beta(w.row),
        sets=study.scored,
        splits_of=study.splits_of,
        healthy=study.healthy,
        settings=study.measures,
        code=code("evaluate.py"),
    message:
        "Measuring {wildcards.row}, fold {wildcards.fold}{wildcards.seed}, on all test sets, beta {params.beta}."
    script:
        "../scripts/evaluate.py"
