"""The keys of the config: each with its default (the paper's value), its type and its meaning."""

from typing import Any

from sadm.study.keys.declare import INT, PATH, TEXT, listed
from sadm.study.keys.experiment import Draem, Imagenet, Score, Splits, Statistics, Training
from sadm.study.keys.preparation import Atlas, Bias, Brain, Cohort, Grid, Quality, Registration
from sadm.study.rows import TABLE1

SECTIONS = {
    "cohort": Cohort, "atlas": Atlas, "grid": Grid, "registration": Registration, "brain": Brain, "bias": Bias, "quality": Quality,
    "splits": Splits, "draem": Draem, "score": Score, "statistics": Statistics, "training": Training,
    "imagenet": Imagenet,
}  # fmt: skip
TOP: dict[str, tuple[Any, dict[str, Any]]] = {
    "name": (None, {**PATH, "description": "name of the study, printed in the table"}),
    "protocol": ("paper", {**TEXT, "enum": ["paper", "released"], "description": "whose values stand where a study says none: the paper's, or the released code's (studies/released.yaml); what the study is then called is derived from all its values"}),
    "seed": (3141, {**INT, "minimum": 0, "maximum": 2**63 - 1, "description": "seed of all random draws, together with each job's identity"}),
    "datasets": (None, {"type": "object", "minProperties": 1, "description": "one entry a data set"}),
    "healthy": ("", {**TEXT, "description": "the data set of healthy subjects: stage I trains on it, DRAEM anomalies are painted on it"}),
    "testsets": ([], {**listed(TEXT), "uniqueItems": True, "description": "test sets, in the order of the table's columns: data sets, or draem"}),
    "rows": ({}, {"type": ["object", "string"], "minProperties": 1, "additionalProperties": TEXT, "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"},
                  "if": {"type": "string"}, "then": {"enum": [TABLE1]},
                  "description": "rows of the table: METHOD or METHOD@TRAINING_SET, joined by + where maps are added; table1: the paper's rows, for the annotated test sets; a study without healthy, testsets and rows only prepares its scans"}),
    "size": ("paper", {**TEXT, "enum": ["small", "paper"], "description": "sizes, batch, learning rate, schedule and augmentation of the methods: the paper's (class Hyper), or small ones for CPUs (SMALL)"}),
    "figures": ([], {"type": "array", "items": TEXT, "description": "rows shown in the figures"}),
}  # fmt: skip
