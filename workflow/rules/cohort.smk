"""From official trees to checked, subject-disjoint sets.

Takes the source files that the importers list. Leaves a sheet of scans (cohort) and a splits file (splits) for each data
set, and the audit over all of them. The sets are dealt and audited before any scan is prepared (deal, audit_dealt); who then does
not pass the check of his scans is replaced. Scans are prepared meanwhile: a check that they wait for, by ancient(), would hide their
own reasons to run from Snakemake 9.27 whenever it runs itself.
"""


rule cohort:
    input:
        files=lambda w: study.source_files(w.dataset),
        tables=lambda w: study.tables(w.dataset),
    output:
        "results/cohort/{dataset}.tsv",
    log:
        "logs/cohort/{dataset}.log",
    priority: 10
    conda:
        "../../envs/tables.yaml"
    threads: 2
    resources:
        mem_mb=grown(3000),
        runtime=60,
    params:
        importer=lambda w: study.datasets[w.dataset]["importer"],
        options=lambda w: study.datasets[w.dataset]["options"],
        annotated=lambda w: w.dataset in study.annotated,
        code=lambda w: code("cohort.py", f"src/sadm/data/{study.datasets[w.dataset]['importer']}.py"),
    message:
        "Check every file of {wildcards.dataset}, listed by the importer {params.importer}."
    script:
        "../scripts/cohort.py"


rule splits:
    input:
        sheet=rules.cohort.output[0],
        excluded=lambda w: expand(rules.pack.output.excluded, dataset=w.dataset),
    output:
        "results/splits/{dataset}.tsv",
    log:
        "logs/splits/{dataset}.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(500),
        runtime=5,
    params:
        role=lambda w: study.datasets[w.dataset]["role"],
        folds=study.folds,
        seed=study.seed,
        sizes=lambda w: study.split_sizes(w.dataset),
        code=code("splits.py"),
    message:
        "Split {wildcards.dataset} ({params.role}) into {params.folds} folds of sizes {params.sizes}."
    script:
        "../scripts/splits.py"


use rule splits as deal with:
    input:
        sheet=rules.cohort.output[0],
    output:
        "results/dealt/{dataset}.tsv",
    log:
        "logs/deal/{dataset}.log",
    priority: 10
    message:
        "Deal the subjects of {wildcards.dataset} before their scans are checked."


rule audit:
    input:
        sheets=expand(rules.cohort.output[0], dataset=study.datasets),
        splits=expand(rules.splits.output[0], dataset=study.datasets),
        dealt="results/audit_dealt.tsv",
    output:
        "results/audit.tsv",
    log:
        "logs/audit/audit.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(500),
        runtime=5,
    params:
        code=code("audit.py"),
    message:
        "Refuse subjects or images on two sides of the splits {input.splits}."
    script:
        "../scripts/audit.py"


use rule audit as audit_dealt with:
    input:
        sheets=expand(rules.cohort.output[0], dataset=study.datasets),
        splits=expand(rules.deal.output[0], dataset=study.datasets),
    output:
        "results/audit_dealt.tsv",
    log:
        "logs/audit/audit_dealt.log",
    priority: 10
    message:
        "Refuse subjects or images on two sides before any scan is prepared."
