"""From raw T1 scans to packed volumes, one step a rule.

Takes the source files of a scan. Leaves for each scan two transforms, a brain mask, a bias field, and the prepared volume with
its check; for each data set memory-mapped arrays of the scans that passed.
"""

PLACE = {key: study.section("grid")[key] for key in ("shape", "spacing")}
REGISTRATION = study.section("registration")
LIMITS = {key: limit for key, limit in study.section("quality").items() if key != "on_failure"}
# A head that is registered and stripped here must fulfil more than a brain that somebody else prepared.
OURS = lambda w: study.importer(w.dataset)["SPACE"] == "native" and not study.importer(w.dataset)["STRIPPED"]
BRAIN = study.section("brain")
HDBET = [name for name, dataset in study.datasets.items() if dataset["brain"] == "hd-bet"]
HDBET_GPU = int(BRAIN["device"] != "cpu")
NOTHING = "(?!)"  # a pattern that no name matches
KIND = lambda w: {key.lower(): study.importer(w.dataset)[key] for key in ("SPACE", "STRIPPED")}


rule atlas:
    output:
        head="results/atlas/sri24_head.nii.gz",
        brain="results/atlas/sri24_brain.nii.gz",
    log:
        "logs/atlas/atlas.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(500),
        runtime=10,
    params:
        path=study.section("atlas")["path"],
        code=code("atlas.py"),
    message:
        "Fetch the SRI24 atlas, or take it from the folder {params.path}."
    script:
        "../scripts/atlas.py"


rule register:
    input:
        t1=lambda w: study.scan(w.dataset, w.scan).t1,
        head=rules.atlas.output.head,
        brain=rules.atlas.output.brain,
    output:
        "results/prep/{dataset}/{scan}/{scan}_from-T1w_to-SRI24_mode-image_xfm.mat",
    log:
        "logs/register/{dataset}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        kind=KIND,
        settings={key: REGISTRATION[key] for key in ("iterations", "retry_below", "seed")},
        grid=PLACE,
        code=code("register.py"),
    message:
        "Register {wildcards.scan} of {wildcards.dataset} (in {params.kind[space]} space) to SRI24."
    script:
        "../scripts/register.py"


rule brain:
    input:
        t1=lambda w: study.scan(w.dataset, w.scan).t1,
        given=lambda w: study.scan(w.dataset, w.scan).brain_mask or [],
        transform=rules.register.output[0],
        atlas=rules.atlas.output.brain,
    output:
        "results/prep/{dataset}/{scan}/{scan}_space-SRI24_desc-brain_mask.nii.gz",
    log:
        "logs/brain/{dataset}/{scan}.log",
    wildcard_constraints:
        dataset="|".join(name for name in study.datasets if name not in HDBET) or NOTHING,
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=5,
    params:
        method=lambda w: study.datasets[w.dataset]["brain"],
        code=code("brain.py"),
    message:
        "Brain mask of {wildcards.scan} of {wildcards.dataset} by the method {params.method}."
    script:
        "../scripts/brain.py"


# HD-BET loads its model once for brain.chunk scans: a rule for each chunk, as Snakemake wants their masks named one by one.
for name, number, scans in [
    (name, number, scans) for name in HDBET for number, scans in enumerate(stripped(name))
]:

    rule:
        name:
            f"strip_{name}_{number}"
        input:
            t1=[study.scan(name, scan).t1 for scan in scans],
            transform=expand(rules.register.output[0], dataset=name, scan=scans),
            atlas=rules.atlas.output.brain,
        output:
            expand(rules.brain.output[0], dataset=name, scan=scans),
        log:
            f"logs/strip/{name}_{number}.log",
        conda:
            "../../envs/torch.yaml"
        threads: 4
        resources:
            mem_mb=grown(4000),
            runtime=10 + len(scans) * (1 if HDBET_GPU else 20 if BRAIN["tta"] else 4),
            gpu=HDBET_GPU,
        params:
            scans=scans,
            kept=f"results/hdbet/{name}",
            settings={key: BRAIN[key] for key in ("tta", "hdbet_parameters")},
            device=untracked(BRAIN["device"]),
            code=code("strip.py"),
        message:
            f"Brain masks of {len(scans)} scans of {name} by HD-BET, one after the other."
        script:
            "../scripts/strip.py"


rule refine:
    input:
        t1=lambda w: study.scan(w.dataset, w.scan).t1,
        mask=rules.brain.output[0],
        start=rules.register.output[0],
        brain=rules.atlas.output.brain,
    output:
        "results/prep/{dataset}/{scan}/{scan}_from-T1w_to-SRI24_desc-refined_xfm.mat",
    log:
        "logs/refine/{dataset}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        kind=KIND,
        settings={key: REGISTRATION[key] for key in ("refine_iterations", "refine_retry_below", "seed")},
        code=code("refine.py"),
    message:
        "Refine the registration of {wildcards.scan} of {wildcards.dataset} by its brain."
    script:
        "../scripts/refine.py"


rule bias:
    input:
        t1=lambda w: study.scan(w.dataset, w.scan).t1,
        mask=rules.brain.output[0],
        start=rules.register.output[0],
        refined=rules.refine.output[0],
        brain=rules.atlas.output.brain,
    output:
        "results/prep/{dataset}/{scan}/{scan}_desc-biasfield.nii.gz",
    log:
        "logs/bias/{dataset}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        space=lambda w: study.importer(w.dataset)["SPACE"],
        settings=study.section("bias"),
        grid=PLACE,
        code=code("bias.py"),
    message:
        "N4 bias field of {wildcards.scan} of {wildcards.dataset}, shrink factor {params.settings[shrink]}."
    script:
        "../scripts/bias.py"


rule grid:
    input:
        t1=lambda w: study.scan(w.dataset, w.scan).t1,
        lesion=lambda w: study.scan(w.dataset, w.scan).lesion or [],
        mask=rules.brain.output[0],
        start=rules.register.output[0],
        refined=rules.refine.output[0],
        field=rules.bias.output[0],
        atlas=rules.atlas.output.brain,
    output:
        t1="results/prep/{dataset}/{scan}/{scan}_space-study_desc-preproc_T1w.nii.gz",
        brain="results/prep/{dataset}/{scan}/{scan}_space-study_desc-brain_mask.nii.gz",
        lesion="results/prep/{dataset}/{scan}/{scan}_space-study_label-lesion_mask.nii.gz",
        qc="results/prep/{dataset}/{scan}/{scan}_qc.json",
        picture="results/prep/{dataset}/{scan}/{scan}_qc.png",
    log:
        "logs/grid/{dataset}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(1000),
        runtime=5,
    params:
        grid=study.section("grid"),
        limits=lambda w: {
            key: LIMITS[key] if OURS(w) else LIMITS.get(f"given_{key}", LIMITS[key])
            for key in LIMITS
            if not key.startswith("given_")
        },
        code=code("grid.py"),
    message:
        "Bring {wildcards.scan} of {wildcards.dataset} to the study's grid, shape {params.grid[shape]}, every {params.grid[downsample]} averaged."
    script:
        "../scripts/grid.py"


rule checks:
    input:
        qc=lambda w: expand(rules.grid.output.qc, dataset=w.dataset, scan=study.scans(w.dataset)),
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
        scans=lambda w: study.scans(w.dataset),
        code=code("checks.py"),
    message:
        "Checks of all scans of {wildcards.dataset}."
    script:
        "../scripts/checks.py"


rule qc:
    input:
        checks=rules.checks.output[0],
        pictures=lambda w: expand(rules.grid.output.picture, dataset=w.dataset, scan=study.scans(w.dataset)),
        assets=[f"{ROOT}/workflow/report/{name}" for name in ("page.html.j2", "report.css", "page.js")],
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
        scans=lambda w: study.scans(w.dataset),
        title=lambda w: study.datasets[w.dataset]["title"],
        code=code("qc.py"),
    message:
        "Page of all scans of {wildcards.dataset}: checks and pictures."
    script:
        "../scripts/qc.py"


rule pack:
    input:
        t1=lambda w: expand(rules.grid.output.t1, dataset=w.dataset, scan=study.scans(w.dataset)),
        brain=lambda w: expand(rules.grid.output.brain, dataset=w.dataset, scan=study.scans(w.dataset)),
        lesion=lambda w: expand(rules.grid.output.lesion, dataset=w.dataset, scan=study.scans(w.dataset)),
        qc=lambda w: expand(rules.grid.output.qc, dataset=w.dataset, scan=study.scans(w.dataset)),
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
        scans=lambda w: study.scans(w.dataset),
        on_failure=study.section("quality")["on_failure"],
        code=code("pack.py"),
    message:
        "Pack the scans of {wildcards.dataset} that passed their check (a scan that failed: {params.on_failure})."
    script:
        "../scripts/pack.py"


use rule brain as deepbet with:
    output:
        "results/agreement/{dataset}/{scan}_space-SRI24_desc-deepbet_mask.nii.gz",
    log:
        "logs/deepbet/{dataset}/{scan}.log",
    wildcard_constraints:
        dataset="|".join(HDBET) or NOTHING,
    params:
        method="deepbet",
        code=code("brain.py"),


rule agreement:
    input:
        hdbet=lambda w: expand(rules.brain.output[0], dataset=w.dataset, scan=study.scans(w.dataset)),
        deepbet=lambda w: expand(rules.deepbet.output[0], dataset=w.dataset, scan=study.scans(w.dataset)),
    output:
        "results/agreement/{dataset}.tsv",
    log:
        "logs/agreement/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(HDBET) or NOTHING,
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(500),
        runtime=30,
    params:
        scans=lambda w: study.scans(w.dataset),
        code=code("agreement.py"),
    message:
        "Agreement of HD-BET's and deepbet's brain masks of {wildcards.dataset}."
    script:
        "../scripts/agreement.py"
