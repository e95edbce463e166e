"""Print what names of BIDS images may have, as JSON, from the standard's own schema: bidsschematools, which the lock file pins.

python workflow/schemas/bids.py > src/sadm/data/bids_schema.json
"""

import json

from bidsschematools.schema import load_schema

IMAGING = ("anat", "dwi", "fmap", "func", "perf", "pet")


def small() -> dict[str, object]:
    """Entities in their order with the form of their values; suffixes of images by folder; what only derivatives have."""
    schema = load_schema()
    said = schema.objects.entities
    raw: dict[str, dict[str, set[str]]] = {}
    entities: set[str] = set()
    for folder in IMAGING:
        raw[folder] = {}
        for group in schema.rules.files.raw[folder].values():
            names = set(group.get("entities", {}))
            if any(str(end).startswith(".nii") for end in group["extensions"]):
                for suffix in group["suffixes"]:
                    raw[folder].setdefault(suffix, set()).update(said[name].name for name in names)
                entities |= names
    derived = list(schema.rules.files.deriv.imaging.values())
    masks = {s for group in derived for s in group["suffixes"]} - {s for each in raw.values() for s in each}
    more = {name for group in derived for name in group.get("entities", {})} - entities
    order = [str(name) for name in schema.rules.entities]
    return {
        "bids": str(schema.bids_version),
        "entities": {
            said[name].name: [str(said[name].format), *map(str, said[name].get("enum", []))] for name in order
        },
        "derived": [said[name].name for name in order if name in more],
        "suffixes": {folder: sorted(each) for folder, each in raw.items()},
        "anat": {suffix: sorted(each) for suffix, each in sorted(raw["anat"].items())},
        "masks": sorted(masks),
    }


if __name__ == "__main__":
    print(json.dumps(small(), indent=1))
