"""The importer demo: it lists what the rule demo_head will make."""

from dataclasses import asdict
from pathlib import Path

from sadm.data import demo
from sadm.demo.population import POPULATIONS, SCANNERS


def test_populations_are_known_to_the_importer() -> None:
    """Kinds and sites have one meaning in importer and maker."""
    assert set(demo.AGES) == set(POPULATIONS)
    assert set(demo.SITES) == set(SCANNERS)
    stripped = {kind for kind, facts in demo.BY_OPTION["kind"].items() if facts["STRIPPED"]}
    assert stripped == {kind for kind, population in POPULATIONS.items() if not population.native}


def test_importer_lists_what_will_be_made() -> None:
    """Names, paths and subjects; a larger count keeps the first heads."""
    some, more = (
        demo.listed("mine", {"kind": "stroke", "count": n, "path": "results/demo"}) for n in (3, 40)
    )
    assert more[:3] == some
    assert some[0].name == "sub-stroke001"
    assert some[0].t1 == "results/demo/mine/sub-stroke001_T1w.nii.gz"
    assert some[0].lesion == "results/demo/mine/sub-stroke001_label-lesion_mask.nii.gz"
    assert {s.site for s in more} == set(demo.SITES)
    assert {s.sex for s in more} == {"M", "F"}
    assert all(40 <= int(s.age) <= 88 for s in more)
    assert len({s.age for s in more}) > 10
    assert not any(s.lesion for s in demo.listed("h", {"kind": "healthy", "count": 2, "path": "p"}))


def test_importer_and_rule_agree_on_names() -> None:
    """With the default path, the rule demo_head makes the very files that the importer lists."""
    rule = (Path(__file__).parents[2] / "workflow/rules/demo.smk").read_text(encoding="utf-8")
    (scan,) = demo.listed("mine", asdict(demo.Options(kind="stroke", count=1)))
    for path in (scan.t1, scan.lesion):
        assert f'"{path.replace("/mine/", "/{dataset}/").replace(scan.name, "{scan}")}"' in rule
