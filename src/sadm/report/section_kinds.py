"""What the kinds of sections of the report show; workflow/report/sections.yaml says which sections there are."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sadm.report import mean_tables as means
from sadm.report import measures, opening, origin, rank_diagram, ranks
from sadm.report import methods_text as words
from sadm.report import quality_tables as quality
from sadm.report.blocks import Block, Picture, Words
from sadm.report.choices import under
from sadm.report.comparable import differs_from_paper
from sadm.report.forest import forests
from sadm.report.material import Material
from sadm.report.run_times import run_times
from sadm.report.viewer import viewer
from sadm.runtime.errors import ConfigError
from sadm.runtime.files import read_table, whole
from sadm.statistics import notes

NAMED = 12  # differences from the paper that are named
LEGEND = "[ ]: 95 % interval over subjects (Student's t below 30, then bootstrap). The bar shows the mean on 0 to 100 %."


def first(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """The first screen: five sentences, what goes against expectation, and the forest plot."""
    tables, layout = given.tables, given.layout
    claims = read_table(tables["claims"]) if "claims" in tables else []
    text = opening.sentences(
        tables, given.excluded, given.kept, given.sheets, layout, given.config, given.told
    )
    odd = opening.surprises(measures.read_csv(tables["table1"]), claims, layout)
    plots = forests(tables["summary"], claims, layout) if "summary" in tables else []
    return [
        Words(text, listed=True),
        *plots,
        *([Words(odd, "Against expectation", listed=True)] if odd else []),
    ]


def study(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """What was done, in words, and the sizes of the sets."""
    text = [
        words.preprocessing(given.config, given.told),
        words.training(given.config, given.told),
        f"{words.scoring(given.config)} Protocol: {given.told['protocol']}.",
    ]
    return [
        quality.cohort_table(given.tables["audit"], given.layout.titles),
        quality.cohort_notes(given.notes, given.layout.titles),
        Words(notes.protocol_notes(given.config), "Protocol", listed=True),
        Words(text, "Methods, to copy", quoted=True),
    ]


def table1(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Table 1 and what a reader must know of it."""
    file, layout = given.tables["table1"], given.layout
    subjects = {
        name: whole(line, f"{name}_dice_subjects")
        for line in measures.read_csv(file).values()
        for name in layout.testsets
    }
    claims = read_table(given.tables["claims"]) if "claims" in given.tables else []
    known = [*notes.material_notes(layout), *notes.few_notes(subjects, layout.titles)]
    below = [LEGEND, *notes.mark_notes(claims, layout), *notes.spread_notes(layout, "deviation")]
    if layout.marks:
        below.append(f"Random features, not ImageNet's: {', '.join(layout.marks)}.")
    return [
        *([Words(known, listed=True)] if known else []),
        measures.table1(file, layout),
        Words(below, listed=True),
    ]


def claimed(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """The claims that were fixed beforehand, as paired differences."""
    return [*measures.differences(given.tables["claims"], given.layout)] if "claims" in given.tables else []


def paper(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """The paper's table beside ours, if the study differs in nothing that the paper fixes."""
    if differing := differs_from_paper(given.config):
        shown = differing[:NAMED]
        more = f"; and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
        return [Words([f"Not shown, as this study is not the paper's: {'; '.join(shown)}{more}."])]
    return [measures.paper_table(given.tables["table1"], given.assets / "paper_table1.csv", given.layout)]


def numbers(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Tables of several kinds (``of``, each as a section), of which one is shown."""
    found: list[Block] = []
    for each in said["of"]:
        blocks = shown(each, given)
        lede = [
            each["lede"],
            *(text for block in blocks if isinstance(block, Words) for text in block.paragraphs),
        ]
        found += under("Table", each["title"], lede, blocks)
    return found


def statistics(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """A file of the statistics: as it is, or with ``across`` as a table of means and intervals."""
    if said["file"] not in given.tables:
        return []
    file, titles, where = given.tables[said["file"]], given.layout.titles, said.get("where", {})
    if "across" in said:
        folded, unit = said.get("folded", False), said.get("unit", "%")
        return [*means.pivot(file, titles, said["across"], said.get("columns", {}), where, unit, folded)]
    return [*measures.measures(file, titles, where, said.get("leave", []))]


def released(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Our numbers beside those of the released evaluation."""
    return (
        [*means.released(given.tables["released"], given.layout.titles)] if "released" in given.tables else []
    )


def uncertainty(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Intervals over subjects, deviations over folds and over seeds, apart."""
    if "summary" not in given.tables:
        return []
    layout = given.layout
    once = [
        f"No deviation over {name}: this study has one ({key})."
        for name, key, count in (("folds", "splits.folds", layout.folds), ("seeds", "training.seeds", layout.seeds))
        if count == 1
    ]  # fmt: skip
    return [*([Words(once)] if once else []), *means.spread(given.tables["summary"], layout.titles)]


def rankings(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Places of the methods under each definition, and how far the definitions agree."""
    if not {"rankings", "agreement"} <= set(given.tables):
        return []
    drawn = rank_diagram.diagrams(given.tables["ranks"], given.layout) if "ranks" in given.tables else []
    return [*drawn, *ranks.rankings(given.tables["rankings"], given.tables["agreement"], given.layout.titles)]


def leaks(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """What the audit found, and the thresholds with what they were fitted on."""
    if not {"thresholds", "audit_used"} <= set(given.tables):
        return []
    tables, titles = given.tables, given.layout.titles
    values = measures.measures(tables["thresholds"], titles, {}, ["scans"])
    return [*ranks.fitted(tables["thresholds"], tables["audit_used"], titles), Words([], "Values"), *values]


def figures(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Figures with their captions; a name stands for all figures that end in it, one a test set."""
    found: list[Block] = []
    for wanted, each in said["figures"].items():
        for name, files in given.figures.items():
            testset = name.removesuffix(f"_{wanted}")
            if name == wanted or testset in given.layout.testsets:
                title = f"{given.layout.titles[testset]}: " if testset in given.layout.testsets else ""
                smallest = min(map(Path, files), key=lambda file: file.stat().st_size)
                caption, see = title + each["caption"], each["see"]
                found.append(
                    Picture.read(smallest, f"{title}{said['title']}. {each['caption']}", caption, see)
                )
    return found


def cases(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """The slice viewer."""
    return [viewer(given.results)]


def scans(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Exclusions, thumbnails, and the checks of every scan."""
    titles = given.layout.titles
    return [
        quality.exclusions(given.excluded, titles),
        quality.unusual(given.kept, titles),
        *quality.thumbnails(given.checks, given.thumbnails, titles),
        *quality.scan_tables(given.checks, titles),
    ]


def provenance(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Machine, versions, checksums, config."""
    return [
        origin.machine(given.config, Path(given.lock).parent),
        origin.input_sums(given.sheets, given.layout.titles),
        origin.weight_sums(given.weights),
        origin.packages(given.lock),
        origin.sources(given.versions),
        origin.settings(given.config),
    ]


def times(given: Material, said: Mapping[str, Any]) -> list[Block]:
    """Run times by rule."""
    return run_times(given.logs)


KINDS: dict[str, Callable[[Material, Mapping[str, Any]], list[Block]]] = {
    "first": first, "study": study, "table1": table1, "paper": paper, "measures": statistics, "figures": figures, "viewer": cases,
    "scans": scans, "origin": provenance, "times": times, "released": released, "uncertainty": uncertainty,
    "rankings": rankings, "leaks": leaks, "claims": claimed, "numbers": numbers,
}  # fmt: skip


def shown(said: Mapping[str, Any], given: Material) -> list[Block]:
    """The blocks of a section, or of a part of one. Raises ConfigError for a kind that does not exist."""
    if said["show"] not in KINDS:
        cause, fix = (
            f"{said['show']!r} in section {said.get('id', said['title'])!r}",
            f"known: {', '.join(KINDS)}",
        )
        raise ConfigError(
            "A section shows an unknown kind.", file=given.assets / "sections.yaml", cause=cause, fix=fix
        )
    return KINDS[said["show"]](given, said)
