"""The synthetic set.

Takes the packed healthy data set and its splits. Leaves a packed data set of the healthy test and validation scans with painted
anomalies, under the name that `testsets` gives it, draem, in files named as those of rule pack.
"""


rule synthesise:
    input:
        t1=rules.pack.output.t1.format(dataset=study.healthy),
        brain=rules.pack.output.brain.format(dataset=study.healthy),
        lesion=rules.pack.output.lesion.format(dataset=study.healthy),
        scans=rules.pack.output.scans.format(dataset=study.healthy),
        splits=rules.splits.output[0].format(dataset=study.healthy),
    output:
        t1="results/packed/draem/t1.npy",
        brain="results/packed/draem/brain.npy",
        lesion="results/packed/draem/lesion.npy",
        scans="results/packed/draem/scans.tsv",
        excluded="results/packed/draem/excluded.tsv",
    log:
        "logs/synthesise/draem.log",
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=grown(4000),
        runtime=30,
    params:
        draem=study.painter,
        seed=study.seed,
        code=code("synthesise.py"),
    message:
        "Paint anomalies on the healthy test and validation scans, up to 2^{params.draem[max_scale]} cells, threshold {params.draem[threshold]}, {params.draem[per_image]} of {params.draem[augmenters]}."
    script:
        "../scripts/synthesise.py"
