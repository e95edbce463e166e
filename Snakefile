from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/demo.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/preprocess.smk"


# A study without rows prepares its scans and stops.
if study.rows:

    include: "workflow/rules/synthesise.smk"
    include: "workflow/rules/train.smk"
    include: "workflow/rules/evaluate.smk"
    include: "workflow/rules/figures.smk"
    include: "workflow/rules/statistics.smk"
    include: "workflow/rules/report.smk"


include: "workflow/rules/native.smk"


check(study, made_with)


onstart:
    if workflow.local_exec:
        spare(workflow)


onsuccess:
    mark(Path("results"))


rule all:
    default_target: True
    input:
        [rules.table.output, rules.statistics.output, rules.report.output] if study.rows else [],
        expand(rules.cohort.output, dataset=study.datasets),
        expand(rules.qc.output, dataset=study.datasets),
        expand(rules.dataset_files.output, dataset=study.datasets),


rule prep:
    input:
        expand(rules.cohort.output, dataset=study.datasets),
        expand(rules.qc.output, dataset=study.datasets),
        expand(rules.dataset_files.output, dataset=study.datasets),
