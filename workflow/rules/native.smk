"""From the study's grid back to the scans' own space and header, on request: nothing else needs it.

Takes what preprocessing found and, of a finished study, the maps. Leaves masks and anomaly scores on the voxels of the T1s, a BIDS
derivative.
"""

NATIVE = "results/native/{dataset}/{folder}/anat/{scan}"


use rule dataset_files as native_files with:
    output:
        description="results/native/{dataset}/dataset_description.json",
        readme="results/native/{dataset}/README.md",
        ignore="results/native/{dataset}/.bidsignore",
    log:
        "logs/native_files/{dataset}.log",
    params:
        kind="native",
        title=lambda w: study.datasets[w.dataset]["title"],
        links=lambda w: {
            "raw": study.link(w.dataset, f"results/native/{w.dataset}"),
            "prep": f"../../prep/{w.dataset}",
        },
        code=code("dataset_files.py"),


rule native_mask:
    input:
        t1=t1,
        brain=rules.brain.output.mask,
        start=rules.register.output[0],
        lesion=rules.grid.output.lesion,
        refined=rules.refine.output[0],
    output:
        brain=f"{NATIVE}_desc-brain_mask.nii.gz",
        brain_about=f"{NATIVE}_desc-brain_mask.json",
        lesion=f"{NATIVE}_label-lesion_mask.nii.gz",
        lesion_about=f"{NATIVE}_label-lesion_mask.json",
    log:
        "logs/native_mask/{dataset}/{folder}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(2000),
        runtime=10,
    params:
        raw=raw,
        code=code("native_mask.py"),
    message:
        "Brain mask and lesion label of {wildcards.scan} of {wildcards.dataset} in its own space."
    script:
        "../scripts/native_mask.py"


rule native_masks:
    input:
        expand(rules.native_files.output, dataset=study.datasets),
        every_scan(rules.native_mask.output.brain),


if study.rows:

    rule native_map:
        input:
            t1=t1,
            prepared=rules.grid.output.t1,
            refined=rules.refine.output[0],
            packed=rules.pack.output.t1,
            splits=rules.splits.output[0],
            maps=lambda w: expand(
                rules.predict.output[w.dataset],
                model=study.maps_of(study.labels[w.label]),
                fold=w.fold,
                seed="",
            ),
            thresholds=lambda w: rules.evaluate.output.thresholds.format(
                row=study.labels[w.label], fold=w.fold, seed=""
            ),
        output:
            score=f"{NATIVE}_desc-{{label}}fold{{fold}}_score.nii.gz",
            score_about=f"{NATIVE}_desc-{{label}}fold{{fold}}_score.json",
            found=f"{NATIVE}_label-anomaly_desc-{{label}}fold{{fold}}_mask.nii.gz",
            found_about=f"{NATIVE}_label-anomaly_desc-{{label}}fold{{fold}}_mask.json",
        log:
            "logs/native_map/{dataset}/{folder}/{scan}_{label}_fold{fold}.log",
        wildcard_constraints:
            dataset=study.one_of(study.native_testsets),
        conda:
            "../../envs/imaging.yaml"
        resources:
            mem_mb=grown(2000),
            runtime=10,
        params:
            row=lambda w: study.labels[w.label],
            models=lambda w: study.maps_of(study.labels[w.label]),
            beta=lambda w: study.beta(study.labels[w.label]),
            raw=raw,
            code=code("native_map.py"),
        message:
            "Anomaly score of {wildcards.scan} by {params.row}, fold {wildcards.fold}, in its own space."
        script:
            "../scripts/native_map.py"

    rule native_maps:
        input:
            expand(rules.native_files.output, dataset=study.native_testsets),
            shown_maps,
