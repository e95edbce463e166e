"""From numbers to what they say.

Takes the measures of all rows and folds. Leaves the audit of what they used, and tables of intervals, paired tests and groups.
"""


rule audit_used:
    input:
        scores=measured(*study.testsets),
        thresholds=measured("thresholds"),
        healthy=measured("healthy"),
        released=measured(*study.released_tables),
        audit=rules.audit.output,
        splits=expand(rules.splits.output, dataset=study.datasets),
    output:
        "results/audit_used.tsv",
    log:
        "logs/audit_used/used.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=10,
    params:
        sources=study.sources,
        healthy=study.healthy,
        code=code("audit_used.py"),
    message:
        "Refuse scores of scans that are no test scans, and thresholds fitted on any but validation scans."
    script:
        "../scripts/audit_used.py"


rule statistics:
    input:
        scores=measured(*study.testsets),
        thresholds=measured("thresholds"),
        pooled=measured("pooled"),
        healthy=measured("healthy"),
        released=measured(*study.released_tables),
        audit=rules.audit_used.output,
        splits=expand(rules.splits.output, dataset=study.datasets),
        sheets=expand(rules.cohort.output.sheet, dataset=study.datasets),
    output:
        summary="results/statistics/summary.tsv",
        claims="results/statistics/claims.tsv",
        pairs="results/statistics/pairs.tsv",
        groups="results/statistics/groups.tsv",
        released="results/statistics/released.tsv",
        thresholds="results/statistics/thresholds.tsv",
        pooled="results/statistics/pooled.tsv",
        healthy="results/statistics/healthy.tsv",
        alarms="results/statistics/alarms.tsv",
        rankings="results/statistics/rankings.tsv",
        agreement="results/statistics/agreement.tsv",
    log:
        "logs/statistics/statistics.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(4000),
        runtime=30,
    params:
        sources=study.sources,
        layout=vars(study.layout),
        score=study.section("score"),
        settings=study.section("statistics") | {"seed": study.seed},
        code=code("statistics.py", *assets("paper_table1.csv")),
    message:
        "Intervals over subjects ({params.settings[resamples]} resamples), claims, groups, rankings."
    script:
        "../scripts/statistics.py"
