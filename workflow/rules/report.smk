"""From numbers to what is read: Table 1, and the report.

Takes the scores of all rows, what the steps before left, and the figures. Leaves the table in three forms, and one HTML file.
"""


rule table:
    input:
        audit=rules.audit_used.output,
        scores=measured(*study.testsets),
        summary=rules.statistics.output.summary,
        claims=rules.statistics.output.claims,
        excluded=expand(rules.pack.output.excluded, dataset=study.datasets),
        kept=expand(rules.pack.output.scans, dataset=study.datasets),
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
        layout=vars(study.layout),
        study={key: study.config[key] for key in ("name", "seed", "grid", "score", "statistics")}
        | {"protocol": study.protocol},
        models=study.trained,
        datasets=list(study.datasets),
        code=code("table.py"),
    message:
        "Writing Table 1 of study {params.study[name]}: {params.layout[folds]} folds."
    script:
        "../scripts/table.py"


rule report:
    input:
        **results([0]),
        reconstructions=pseudo_healthy(),
        tables=[
            rules.table.output.csv,
            *rules.audit.output,
            *rules.audit_used.output,
            *rules.statistics.output,
        ],
        figures=[*rules.pictures.output, *(rules.charts.output[name] for name in study.drawn.charts)],
        excluded=expand(rules.pack.output.excluded, dataset=study.datasets),
        kept=expand(rules.pack.output.scans, dataset=study.datasets),
        checks=expand(rules.checks.output, dataset=study.datasets),
        thumbnails=every_scan(rules.grid.output.picture),
        sheets=expand(rules.cohort.output.sheet, dataset=study.datasets),
        notes=expand(rules.cohort.output.notes, dataset=study.datasets),
        weights=expand(
            rules.train.output.weights, model=study.models, fold=range(study.folds), seed=study.seeds
        ),
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
        about=study.drawn.about,
        layout=vars(study.layout),
        config=study.whole,
        told={
            "limits": {name: study.limits(name) for name in study.datasets},
            "trained": study.trained,
            "protocol": study.protocol,
        },
        logs="logs",
        code=code(
            "report.py",
            *assets("page.html.j2", "report.css", "page.js", "sections.yaml", "viewer.js"),
            "requirements.lock",
            "data/versions.csv",
        ),
    message:
        "Writing the report of study {params.config[name]}, one file."
    script:
        "../scripts/report.py"
