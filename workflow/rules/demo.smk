"""The demo cohort, made on this machine.

Takes the SRI24 head and brain (template). Leaves a phantom, what all heads share, and a T1 head with its lesion mask for each scan that the
importer demo lists.
"""


rule demo_phantom:
    input:
        head=lambda w: rules.template.output.head,
        brain=lambda w: rules.template.output.brain,
    output:
        "results/demo/phantom.npz",
    log:
        "logs/demo_phantom/phantom.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(2000),
        runtime=5,
    params:
        code=code("demo_phantom.py"),
    message:
        "Turn the SRI24 head {input.head} into what the demo's heads share."
    script:
        "../scripts/demo_phantom.py"


rule demo_head:
    input:
        rules.demo_phantom.output[0],
    output:
        t1="results/demo/{dataset}/{scan}_T1w.nii.gz",
        lesion="results/demo/{dataset}/{scan}_label-lesion_mask.nii.gz",
    log:
        "logs/demo_head/{dataset}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        kind=lambda w: study.datasets[w.dataset]["options"]["kind"],
        site=lambda w: study.scan(w.dataset, w.scan).site,
        seed=study.seed,
        code=code("demo_head.py"),
    message:
        "Make the {params.kind} head {wildcards.scan} as scanner {params.site} sees it."
    script:
        "../scripts/demo_head.py"
