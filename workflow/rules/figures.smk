"""From kept maps and scores to figures.

Takes the packed test sets, the maps, reconstructions and scores of all rows, and the training curves. Leaves pictures of slices
(fold 0) and charts (all folds), of the first seed, each as .png and .svg, and the numbers behind the charts. No model runs.
"""


rule pictures:
    input:
        **results([0]),
        reconstructions=pseudo_healthy(),
        healthy=expand(rules.pack.output.t1, dataset=study.healthy),
    output:
        **{name: figure(name, name.rpartition("_")[2], "Pictures") for name in study.drawn.pictures},
    log:
        "logs/pictures/pictures.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=30,
    params:
        layout=vars(study.drawn.layout),
        about=study.drawn.about,
        code=code("pictures.py"),
    message:
        "Drawing cases of {params.about[shown]}, and every row beside them."
    script:
        "../scripts/pictures.py"


rule charts:
    input:
        **results(range(study.folds)),
        curves=expand(rules.train.output.curve, model=study.models, fold=range(study.folds), seed=""),
    output:
        **{name: figure(name, name, "Charts") for name in study.drawn.charts},
        numbers=expand("results/figures/{name}.tsv", name=study.drawn.numbers),
    log:
        "logs/charts/charts.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(4000),
        runtime=240,
    params:
        layout=vars(study.drawn.layout),
        about=study.drawn.about,
        settings={"models": study.models, "groups": study.drawn.groups, "seed": study.seed},
        code=code("charts.py"),
    message:
        "Drawing Dice against beta and lesion volume, precision against recall, and the training curves."
    script:
        "../scripts/charts.py"
