"""From numbers to what is read: Table 1, and the report.

Takes the scores of all rows, what the steps before left, and the figures. Leaves the table in three forms, and one HTML file.
"""

STUDY = {key: study.config[key] for key in ("name", "protocol", "seed", "grid", "score")}
TRAINED = {
    model: [study.source(study.trained_on(model)), *(study.hyper(model)[key] for key in ("epochs", "slices"))]
    for model in study.models
}


rule table:
    input:
        audit=rules.audit_used.output,
        scores=EVALUATED["scores"],
        excluded=expand(rules.pack.output.excluded, dataset=study.datasets),
        splits=expand(rules.splits.output, dataset=study.datasets),
    output:
        csv=report("results/table1.csv", caption="../report/table1.rst", category="Table 1"),
        md="results/table1.md",
        tex="results/table1.tex",
    log:
        "logs/table/table.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(2000),
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


rule report:
    input:
        **PICTURED,
        assets=expand(
            f"{ROOT}/workflow/report/{{file}}",
            file=["sections.yaml", "page.html.j2", "report.css", "page.js", "viewer.js", "paper_table1.csv"],
        ),
        pins=[f"{ROOT}/requirements.lock", f"{ROOT}/data/versions.csv"],
        tables=[
            rules.table.output.csv,
            *rules.audit.output,
            *rules.audit_used.output,
            *rules.statistics.output,
        ],
        figures=[
            *(rules.pictures.output[name] for name in PICTURES),
            *(rules.charts.output[name] for name in CHARTS),
        ],
        excluded=expand(rules.pack.output.excluded, dataset=study.datasets),
        checks=expand(rules.checks.output, dataset=study.datasets),
        thumbnails=lambda w: [
            path
            for name in study.datasets
            for path in expand(rules.grid.output.picture, dataset=name, scan=study.scans(name))
        ],
        sheets=rules.audit.input.sheets,
        weights=expand(rules.train.output.weights, model=study.models, fold=range(study.folds), seed=SEEDS),
    output:
        report("results/report.html", caption="../report/report.rst", category="Report"),
    log:
        "logs/report/report.log",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=grown(4000),
        runtime=30,
    params:
        about=ABOUT,
        models=study.models,
        folds=study.folds,
        datasets=list(study.datasets),
        layout=LAYOUT,
        config=study.whole,
        metadata=".snakemake/metadata",
        code=code("report.py"),
    message:
        "Writing the report of study {params.config[name]}, one file."
    script:
        "../scripts/report.py"
