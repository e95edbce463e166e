"""From official trees to checked, subject-disjoint sets.

Takes the source files that the importers list. Leaves for each data set a sheet of scans, with an account of every image
beside it (cohort), and a splits file (splits), and the audit over all of them. The sets are dealt and audited before any scan is prepared (deal, audit_dealt); who then does
not pass the check of his scans is replaced. Scans are prepared meanwhile: a check that they wait for, by ancient(), would hide their
own reasons to run from Snakemake 9.27 whenever it runs itself.
"""


rule cohort:
    input:
        files=lambda w: study.source_files(w.dataset),
        tables=lambda w: study.tables(w.dataset),
    output:
        sheet="results/cohort/{dataset}.tsv",
        files="results/cohort/{dataset}_files.tsv",
        notes="results/cohort/{dataset}_notes.tsv",
        excluded="results/cohort/{dataset}_excluded.tsv",
        prints="results/cohort/{dataset}_prints.tsv",
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
        listed=lambda w: study.listed(w.dataset),
        sizes=lambda w: study.sizes(w.dataset),
        on_bad_file=study.section("cohort")["on_bad_file"],
        others=lambda wildcards, threads: study.others(wildcards.dataset),
        code=lambda w: code("cohort.py", f"src/sadm/data/{study.datasets[w.dataset]['importer']}.py"),
    message:
        "Check every file of {wildcards.dataset}, listed by the importer {params.listed[importer]}."
    script:
        "../scripts/cohort.py"


rule splits:
    input:
        sheet=rules.cohort.output.sheet,
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
        sheet=rules.cohort.output.sheet,
    output:
        "results/dealt/{dataset}.tsv",
    log:
        "logs/deal/{dataset}.log",
    priority: 10
    message:
        "Deal the subjects of {wildcards.dataset} before their scans are checked."


rule audit:
    input:
        sheets=expand(rules.cohort.output.sheet, dataset=study.datasets),
        prints=expand(rules.cohort.output.prints, dataset=study.datasets),
        splits=expand(rules.splits.output[0], dataset=study.datasets),
        dealt="results/audit_dealt.tsv",
    output:
        "results/audit.tsv",
    log:
        "logs/audit/audit.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        code=code("audit.py"),
    message:
        "Refuse subjects or images on two sides of the splits {input.splits}."
    script:
        "../scripts/audit.py"


use rule audit as audit_dealt with:
    input:
        sheets=expand(rules.cohort.output.sheet, dataset=study.datasets),
        prints=expand(rules.cohort.output.prints, dataset=study.datasets),
        splits=expand(rules.deal.output[0], dataset=study.datasets),
    output:
        "results/audit_dealt.tsv",
    log:
        "logs/audit/audit_dealt.log",
    priority: 10
    message:
        "Refuse subjects or images on two sides before any scan is prepared."
