rule trivial:
    input:
        healthy=expand(rules.pack.output, dataset=study.healthy),
        healthy_splits=expand(rules.splits.output, dataset=study.healthy),
        packed=lambda w: expand(
            (rules.synthesise if w.testset == "draem" else rules.pack).output, dataset=w.testset
        ),
        splits=lambda w: expand(rules.splits.output, dataset=study.source(w.testset)),
    output:
        **{name: f"results/maps/{name}/fold{{fold}}/{{testset}}.npy" for name in study.trivial},
    log:
        "logs/trivial/fold{fold}_{testset}.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings={
            "study_seed": study.seed,
            "sigma": study.section("score")["ssim_sigma"],
            "median": study.section("score")["median"],
        },
        code=code("trivial.py"),
    message:
        "Scoring {wildcards.testset}, fold {wildcards.fold}, without a model: the trivial scores that any method must beat."
    script:
        "../scripts/trivial.py"


rule evaluate:
    input:
        maps=lambda w: [
            path
            for testset in study.testsets
            for path in expand(
                rules.trivial.output[w.row] if w.row in study.trivial else rules.predict.output[testset],
                model=study.rows.get(w.row, ()) or "",
                fold=w.fold,
                testset=testset,
            )
        ],
        packed=[
            expand((rules.synthesise if testset == "draem" else rules.pack).output.t1, dataset=testset)
            for testset in study.testsets
        ],
        splits=expand(rules.splits.output, dataset=map(study.source, study.testsets)),
    output:
        **{testset: f"results/scores/{{row}}/fold{{fold}}/{testset}.tsv" for testset in study.testsets},
    log:
        "logs/evaluate/{row}_fold{fold}.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=180,
    params:
        beta=study.section("score")["beta"],
        code=code("evaluate.py"),
    message:
        "Measuring {wildcards.row}, fold {wildcards.fold}, on all test sets, beta {params.beta}."
    script:
        "../scripts/evaluate.py"
