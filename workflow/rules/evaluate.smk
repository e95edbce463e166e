rule trivial:
    input:
        healthy=expand(rules.pack.output, dataset=study.healthy),
        healthy_splits=expand(rules.splits.output, dataset=study.healthy),
        packed=lambda w: expand((rules.synthesise if w.testset == "draem" else rules.pack).output, dataset=w.testset),
        splits=lambda w: expand(rules.splits.output, dataset=study.source(w.testset)),
    output:
        **{name: f"results/maps/{name}/fold{{fold}}/{{testset}}.npy" for name in study.trivial},
    log:
        "logs/trivial/fold{fold}_{testset}.log",
    params:
        settings={"study_seed": study.seed, "sigma": study.section("score")["ssim_sigma"], "median": study.section("score")["median"]},
        code=code("trivial.py"),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    conda:
        "../../envs/tables.yaml"
    message:
        "Scoring {wildcards.testset}, fold {wildcards.fold}, without a model: the trivial scores that any method must beat."
    script:
        "../scripts/trivial.py"


rule evaluate:
    input:
        maps=lambda w: (
            rules.trivial.output[w.row]
            if w.row in study.trivial
            else expand(rules.predict.output.map, model=study.rows[w.row], allow_missing=True)
        ),
        packed=lambda w: expand((rules.synthesise if w.testset == "draem" else rules.pack).output, dataset=w.testset),
        splits=lambda w: expand(rules.splits.output, dataset=study.source(w.testset)),
    output:
        "results/scores/{row}/fold{fold}/{testset}.tsv",
    log:
        "logs/evaluate/{row}_fold{fold}_{testset}.log",
    params:
        beta=study.section("score")["beta"],
        code=code("evaluate.py"),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        "../../envs/tables.yaml"
    message:
        "Measuring {wildcards.row} on {wildcards.testset}, fold {wildcards.fold}, beta {params.beta}."
    script:
        "../scripts/evaluate.py"
