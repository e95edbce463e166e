"""From packed volumes to anomaly maps.

Takes the packed data sets and their splits. Leaves trained weights and curves, and of the scored sets (the test and validation
scans of each test set and of the healthy data set) the reconstructions and the anomaly maps. Both stages share one way: which
model needs which is declared by its method (NEEDS).
"""

TRAINING = study.section("training")


rule imagenet:
    output:
        "results/imagenet/{network}.safetensors",
    log:
        "logs/imagenet/{network}.log",
    priority: 20  # what cannot be fetched is told at the start
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=30,
    params:
        weights=study.section("imagenet")["weights"],
        code=code("imagenet.py"),
    message:
        "ImageNet weights of {wildcards.network}: {params.weights}."
    script:
        "../scripts/imagenet.py"


rule train:
    input:
        packed=lambda w: expand(rules.pack.output, dataset=study.source(study.trained_on(w.model))),
        splits=lambda w: expand(rules.splits.output, dataset=study.source(study.trained_on(w.model))),
        needs=lambda w: expand(
            rules.train.output.weights, model=study.needs(w.model), fold=w.fold, seed=w.seed
        ),
        imagenet=lambda w: expand(rules.imagenet.output, network=study.extractors(w.model)),
    output:
        weights="results/models/{model}/fold{fold}{seed}/weights.safetensors",
        curve="results/models/{model}/fold{fold}{seed}/curve.csv",
    log:
        "logs/train/{model}_fold{fold}{seed}.log",
    priority: 5  # the longest jobs: what else there is fills the cores beside and after them
    conda:
        "../../envs/torch.yaml"
    threads: TRAINING["threads"]
    resources:
        mem_mb=grown(8000),
        runtime=4320,
        gpu=study.gpus,
    params:
        method=lambda w: study.method(w.model),
        hyper=lambda w: study.trained_with(w.model),
        draem=lambda w: study.painter if study.trained_on(w.model) == "draem" else None,
        spacing=study.spacing,
        settings={key: TRAINING[key] for key in ("amp", "validate_every", "validation_slices")},
        device=untracked(TRAINING["device"]),
        checkpoint_every=untracked(TRAINING["checkpoint_every"]),
        seed=lambda w: training_seed(study.seed, w.seed),
        code=lambda w: code("train.py", *study.modules(w.model)),
    message:
        "Training {wildcards.model}, fold {wildcards.fold}{wildcards.seed}: {params.hyper[epochs]} epochs, learning rate {params.hyper[lr]}."
    script:
        "../scripts/train.py"


rule reconstruct:
    input:
        packed=expand(rules.pack.output.t1, dataset=study.sets),
        splits=expand(rules.splits.output, dataset=study.source_sets),
        weights=rules.train.output.weights,
    output:
        **{k: f"results/reconstructions/{{model}}/fold{{fold}}{{seed}}/{k}.safetensors" for k in study.scored},
    log:
        "logs/reconstruct/{model}_fold{fold}{seed}.log",
    conda:
        "../../envs/torch.yaml"
    threads: TRAINING["threads"]
    resources:
        mem_mb=grown(4000),
        runtime=480,
        gpu=study.gpus,
    params:
        settings=lambda w: {"amp": TRAINING["amp"], "training_seed": training_seed(study.seed, w.seed)},
        seed=lambda w: seed_number(w.seed),
        scored_with=lambda w: study.scored_with(w.model),
        device=untracked(TRAINING["device"]),
        sets=study.scored,
        splits_of=study.splits_of,
        code=lambda w: code("reconstruct.py", f"src/sadm/methods/{study.method(w.model)}.py"),
    message:
        "Reconstructing all scored sets as if healthy by {wildcards.model}, fold {wildcards.fold}{wildcards.seed}."
    script:
        "../scripts/reconstruct.py"


rule predict:
    input:
        packed=expand(rules.pack.output.t1, dataset=study.sets),
        splits=expand(rules.splits.output, dataset=study.source_sets),
        weights=rules.train.output.weights,
        reconstructions=lambda w: expand(
            rules.reconstruct.output, model=study.reconstructors(w.model), fold=w.fold, seed=w.seed
        ),
    output:
        **{key: f"results/maps/{{model}}/fold{{fold}}{{seed}}/{key}.safetensors" for key in study.scored},
    log:
        "logs/predict/{model}_fold{fold}{seed}.log",
    conda:
        "../../envs/torch.yaml"
    threads: TRAINING["threads"]
    resources:
        mem_mb=grown(4000),
        runtime=480,
        gpu=study.gpus,
    params:
        settings={
            "amp": TRAINING["amp"],
            "sigma": study.section("score")["ssim_sigma"],
            "median": study.section("score")["median"],
        },
        device=untracked(TRAINING["device"]),
        seed=lambda w: seed_number(w.seed),
        sets=study.scored,
        splits_of=study.splits_of,
        reconstructor=lambda w: study.reconstructor(w.model),
        code=lambda w: code("predict.py", f"src/sadm/methods/{study.method(w.model)}.py"),
    message:
        "Mapping anomalies in all scored sets by {wildcards.model}, fold {wildcards.fold}{wildcards.seed}."
    script:
        "../scripts/predict.py"
