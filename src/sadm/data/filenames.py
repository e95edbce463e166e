"""What the name of an image says that it shows: a mask, another contrast, a contrast agent, a derivative. Standard library."""

import re
from itertools import pairwise

T1 = {"t1", "t1w", "t1n", "mprage", "bravo", "spgr", "fspgr", "tfe"}
MASK = re.compile(
    r"(brain|lesion|tumou?r|head|skull|wm|gm|csf|t1|bin)?(masks?|rois?|segs?|dseg|probseg|segm|segmentations?|labels?|"
    r"labelmap|parc|parcellation)|lesions?|tumou?rs?|aparc\w*|aseg|wmparc|ribbon|tissues?|groundtruth|annotation|pve|pveseg|probmap"
)
CONTRAST = re.compile(  # wherever it stands in a name that has no word for T1
    r"flair\w*|t2w?|t2f|t2flair|t2star\w*|pdt2|bold|dwi|adc|asl|cbf|swi|qsm|sbref|tof|mra|dti|unit1|mp2rage|megre|"
    r"[rt][12]s?map|inplanet[12]|phasediff|phase[12]|magnitude[12]?|fieldmap|angio|cest|mtw|mtr|mtsat"
)
MADE = ("applied", "out", "free")  # after "mask": of a scan that was masked
# Not at the end alone.
MIDDLE = {"mask", "brainmask", "lesionmask", "dseg", "probseg", "segmentation", "aparc", "aseg", "wmparc"}
WEAK = re.compile(r"pdw?|phase|epi|uni|fa|md|ct|pet|t2s|warp|xfm|biasfield")  # only at the end of a name
AGENT = re.compile(
    r"t1w?(ce|gd|gad|gado|post|postgd|km|c)|gd|gad|gado|gadolinium|postcontrast|contrastenhanced"
)
FOLDERS = re.compile(
    r"(derivatives|sourcedata|labels?(tr|ts|train|test|val)?|(brain_?|lesion_?)?masks?|segs?|segmentations?|rois?|"
    r"flair|t2w?|pdw?|t1ce|t1gd|func|dwi|fmap|perf|bold|asl|swi)",
    re.IGNORECASE,
)
OTHER = "another contrast"
PLACES = {"derivatives": "a derivative", "sourcedata": "source data"}


def words(name: str) -> list[str]:
    """The words of a path without suffix, in lower case: what letters and digits stand in a row."""
    return re.findall(r"[a-z0-9]+", name.lower())


def no_t1(path: str, asked: str = "") -> str:
    """Why the image ``path`` (below the data set's folder, without suffix) is no plain T1 by its name; "" if it may be one.

    ``asked``: a pattern of T1s; what its own text names is wanted.
    """
    *folders, name = path.split("/")
    wanted = set(words(asked))
    for place in folders:
        if FOLDERS.fullmatch(place) and not set(words(place)) <= wanted:
            return PLACES.get(place.lower(), f"in a folder of others: {place}")
    said = words(name)
    kind, word = _told(name, said)
    entity = word.rpartition("-")[0]
    asked_for = set(words(word)) <= wanted or (entity and f"{entity}-" in asked)
    return "" if asked_for else f"{kind}: {word}"


def _told(name: str, said: list[str]) -> tuple[str, str]:
    """What kind of image ``name`` is, and the word that tells; empty if none does."""
    if agent := re.search(r"(?:^|_)(ce-[A-Za-z0-9]+)", name):
        return "contrast agent", agent[1]
    if part := re.search(r"(?:^|_)(part-(?:phase|real|imag))", name):
        return "no magnitude", part[1]
    numbered = len(said)
    while len(said) > 1 and said[-1].isdecimal():  # a run; "PD_001" is a patient
        said = said[:-1]
    last, middle = said[-1:], said[1:]
    alone = len(said) == 1 < numbered
    whole = [] if set(said) & T1 else middle
    if mask := next(
        (one for one, after in pairwise([*middle, ""]) if one in MIDDLE and after not in MADE), ""
    ):
        return "a mask or label", mask
    for kind, pattern, among in (
        ("a mask or label", MASK, last), (OTHER, CONTRAST, [*last, *whole]),
        ("contrast agent", AGENT, [*last, *middle]), (OTHER, WEAK, [] if alone else last),
    ):  # fmt: skip
        if found := next((word for word in among if pattern.fullmatch(word)), ""):
            return kind, found
    return "", ""
