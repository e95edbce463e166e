"""From the study's grid back to the scans' own space and header, on request: nothing else needs it.

Takes what preprocessing found and, of a finished study, the maps. Leaves masks and anomaly scores on the voxels of the T1s.
"""


rule native_mask:
    input:
        t1=t1,
        brain=rules.brain.output[0],
        start=rules.register.output[0],
        lesion=rules.grid.output.lesion,
        refined=rules.refine.output[0],
    output:
        brain="results/native/{dataset}/{scan}/{scan}_desc-brain_mask.nii.gz",
        lesion="results/native/{dataset}/{scan}/{scan}_label-lesion_mask.nii.gz",
    log:
        "logs/native_mask/{dataset}/{scan}.log",
    conda:
        "../../envs/imaging.yaml"
    resources:
        mem_mb=grown(2000),
        runtime=10,
    params:
        code=code("native_mask.py"),
    message:
        "Brain mask and lesion label of {wildcards.scan} of {wildcards.dataset} in its own space."
    script:
        "../scripts/native_mask.py"


rule native_masks:
    input:
        lambda w: [p for d, s in study.all_scans for p in expand(rules.native_mask.output, dataset=d, scan=s)],


if study.rows:

    rule native_map:
        input:
            t1=t1,
            prepared=rules.grid.output.t1,
            refined=rules.refine.output[0],
            packed=rules.pack.output.t1,
            splits=rules.splits.output[0],
            maps=lambda w: expand(
                rules.predict.output[w.dataset], model=study.maps_of(w.row), fold=w.fold, seed=""
            ),
            thresholds=lambda w: rules.evaluate.output.thresholds.format(row=w.row, fold=w.fold, seed=""),
        output:
            score="results/native/{dataset}/{scan}/{row}/fold{fold}/{scan}_desc-score_map.nii.gz",
            found="results/native/{dataset}/{scan}/{row}/fold{fold}/{scan}_desc-found_mask.nii.gz",
            about="results/native/{dataset}/{scan}/{row}/fold{fold}/{scan}_desc-score_map.json",
        log:
            "logs/native_map/{dataset}/{scan}_{row}_fold{fold}.log",
        wildcard_constraints:
            dataset=study.one_of(study.native_testsets),
        conda:
            "../../envs/imaging.yaml"
        resources:
            mem_mb=grown(2000),
            runtime=10,
        params:
            models=lambda w: study.maps_of(w.row),
            beta=lambda w: study.beta(w.row),
            code=code("native_map.py"),
        message:
            "Anomaly score of {wildcards.scan} by {wildcards.row}, fold {wildcards.fold}, in its own space."
        script:
            "../scripts/native_map.py"

    rule native_maps:
        input:
            shown_maps,
