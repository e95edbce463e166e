"""A folder of DICOM files as a small BIDS data set of its T1s, for the importer bids.

    sadm import-dicom FOLDER --to BIDS [--subject LABEL] [--session LABEL]

dcm2niix converts every series; which of them is the session's T1 is chosen by rule (`choose`), and what became of each is told.
Names, dates and numbers of patients do not leave the DICOM files, but for the patient's id: --subject gives another label.
"""

import argparse
import importlib.util
import json
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sadm.data.filenames import no_t1
from sadm.runtime.errors import DataError, OutputError, ProcessingError
from sadm.runtime.files import atomic, load_nifti
from sadm.runtime.nifti import Unusable, check_field

PIN = "dcm2niix==1.0.20260724"
PRIVATE = re.compile(
    r"Patient|UID|Physician|Operator|Accession|StudyID|Institution|StationName|SerialNumber|Date|Birth|ProcedureStepDescription"
)
T1_WORDS = re.compile(r"t1\w*|mp2?rage|mpr|bravo|f?spgr|irspgr|tfe|ir_?fspgr|3dt1|uni")
LOOK = re.compile(r"loc\w*|scout|survey|calib\w*|aahead\w*|asset|localizer|topogram|b1map|noise")
AGENT = re.compile(
    r"post|gd|gad|gado\w*|km|mkm|contrast|kontrast|ce|dotarem|gadovist|magnevist|multihance|prohance|\w*post(?:gd|contrast|km)"
)
KINDS_OUT = ("LOCALIZER", "PHASE", "PROJECTION", "MPR", "MIP", "SECONDARY_MPR")
LEAST = 40.0  # slices of a scan of the whole head
THICK = 3.5  # mm, edges of the voxels of a scan that serves as a T1 volume
INVERSION = (0.5, 1.5)  # s, of an MPRAGE at 1.5 or 3 T
# Seconds, seconds, degrees: a spoiled gradient echo is T1-weighted below, below and above these.
ECHO, REPEAT, FLIP = (0.012, 0.06, 10.0)
AGE = re.compile(r"0*(\d+)([YMWD])")
YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


@dataclass(frozen=True)
class Series:
    """A converted series: its image, what dcm2niix says of it, and its voxels' edges in mm and counts."""

    image: Path
    said: Mapping[str, Any]
    sizes: tuple[float, ...]
    shape: tuple[int, ...]

    @property
    def title(self) -> str:
        """Number and description, without signs that a line cannot show."""
        name = self.said.get("SeriesDescription") or self.said.get("ProtocolName") or "without a description"
        return f"series {self.said.get('SeriesNumber', '?')} ({''.join(filter(str.isprintable, str(name)))})"

    @property
    def kinds(self) -> set[str]:
        """The values of ImageType, in capitals."""
        return {str(kind).upper() for kind in self.said.get("ImageType", ())}


def unfit(series: Series) -> str:
    """Why a series is no T1 volume, "" if it may be one: by its kind, its names, its geometry, then its timing."""
    said = series.said
    names = " ".join(str(said.get(key, "")) for key in ("SeriesDescription", "ProtocolName"))
    spoken = re.findall(r"[a-z0-9]+", names.lower())
    if said.get("Modality", "MR") != "MR":
        return f"its modality is {said['Modality']}"
    if found := series.kinds & {*KINDS_OUT}:
        return f"its ImageType is {', '.join(sorted(found))}"
    if look := next((word for word in spoken if LOOK.fullmatch(word)), ""):
        return f"it is named as a look ahead: {look}"
    agent = next((word for word in spoken if AGENT.fullmatch(word)), "")
    if agent or said.get("ContrastBolusAgent") or said.get("ContrastBolusIngredient"):
        return f"after a contrast agent{f': {agent}' if agent else ''}"
    if other := no_t1(re.sub(r"[^A-Za-z0-9]+", "_", names).strip("_") or "x"):
        return other
    if len(series.shape) != 3:
        return f"it has {len(series.shape)} dimensions: {' x '.join(map(str, series.shape))}"
    if max(series.sizes) > THICK or min(series.shape) < LEAST:
        return f"its voxels are {' x '.join(f'{size:.2g}' for size in series.sizes)} mm, its slices {min(series.shape)}"
    if any(T1_WORDS.fullmatch(word) for word in spoken) or weighted(said):
        return ""
    return "neither its name nor its timing tells that it is T1-weighted"


def weighted(said: Mapping[str, Any]) -> bool:
    """Whether the timing is that of a T1-weighted gradient echo: prepared by an inversion, or spoiled."""
    echo, repeat = float(said.get("EchoTime") or 1), float(said.get("RepetitionTime") or 9)
    inversion, flip = float(said.get("InversionTime") or 0), float(said.get("FlipAngle") or 0)
    prepared = INVERSION[0] <= inversion <= INVERSION[1]
    return echo < ECHO and (prepared or (repeat < REPEAT and flip >= FLIP))


def choose(found: Sequence[Series]) -> tuple[Series | None, dict[str, str]]:
    """The T1 of a session's series, and why each other one is not it, by image.

    Of those that are fit: not derived, corrected for the coil's profile (NORM), of the finest voxels, the most of them, the first.
    """
    why = {str(series.image): unfit(series) for series in found}
    fit = sorted((series for series in found if not why[str(series.image)]), key=_order)
    for other in fit[1:]:
        why[str(other.image)] = f"another T1: {fit[0].title} comes first{_because(fit[0], other)}"
    return (fit[0] if fit else None), {image: said for image, said in why.items() if said}


def _order(series: Series) -> tuple[Any, ...]:
    number = series.said.get("SeriesNumber", 0)
    finest = (round(max(series.sizes), 1), -int(np.prod(series.shape)))
    return (*_grades(series), *finest, number, series.image.name)


def _grades(series: Series) -> tuple[bool, bool]:
    return "DERIVED" in series.kinds, not {"NORM", "DIS3D"} & series.kinds


def _because(best: Series, other: Series) -> str:
    if _grades(best) != _grades(other):
        return (
            ", as an original" if "DERIVED" in other.kinds else ", as it is corrected for the coil's profile"
        )
    return ", of finer voxels" if max(best.sizes) < max(other.sizes) - 0.05 else ""


def program() -> str:
    """The path of dcm2niix: of its wheel, or installed otherwise. Raises ProcessingError if there is none."""
    if importlib.util.find_spec("dcm2niix"):
        from dcm2niix import bin as program  # type: ignore[import-not-found, unused-ignore]

        return str(program)
    if found := shutil.which("dcm2niix"):
        return found
    raise ProcessingError(
        "dcm2niix is missing.", cause="it is no part of the environment", fix=f"pip install {PIN}"
    )


def convert(folder: Path, out: Path) -> list[Series]:
    """Every series below ``folder``, converted into ``out``. Raises DataError: no folder, no DICOM file that can be converted."""
    if not folder.is_dir():
        raise DataError(
            "There is no folder of DICOM files.", file=folder, cause="no such folder", fix="check the path"
        )
    command = [
        program(),
        "-b",
        "y",
        "-ba",
        "n",
        "-z",
        "y",
        "-f",
        "%s_%u_%d",
        "-d",
        "9",
        "-o",
        str(out),
        str(folder),
    ]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    found = [series for path in sorted(out.glob("*.json")) if (series := _series(path))]
    if not found:
        lines = [line for line in (run.stderr + run.stdout).splitlines() if line.strip()]
        cause = f"dcm2niix ended with {run.returncode}: {lines[-1] if lines else 'no word'}"
        raise DataError(
            "No DICOM series could be converted.",
            file=folder,
            cause=cause,
            fix="name the folder of the .dcm files",
        )
    return found


def _series(sidecar: Path) -> Series | None:
    import nibabel as nib

    image = next(
        (
            sidecar.with_name(sidecar.stem + end)
            for end in (".nii.gz", ".nii")
            if sidecar.with_name(sidecar.stem + end).exists()
        ),
        None,
    )
    if image is None:
        return None
    header: Any = nib.load(image).header
    said = json.loads(sidecar.read_text(encoding="utf-8", errors="replace"))
    return Series(
        image, said, tuple(map(float, header.get_zooms()[:3])), tuple(map(int, header.get_data_shape()))
    )


def sessions(
    found: Iterable[Series], subject: str = "", session: str = ""
) -> dict[tuple[str, str], list[Series]]:
    """The series of each subject and session; a patient's studies are sessions 1, 2 ... by date, and none where there is one.

    Raises DataError: ``subject`` or ``session`` is given for several, or ids of two patients are the same label.
    """
    patients: dict[str, dict[tuple[str, str], list[Series]]] = defaultdict(lambda: defaultdict(list))
    for series in found:
        said = series.said
        when = str(said.get("AcquisitionDateTime") or said.get("StudyDate") or "")[:10]
        study = str(said.get("StudyInstanceUID", ""))
        patients[str(said.get("PatientID", ""))][(study and (when, study)) or (when, "")].append(series)
    if (subject and len(patients) > 1) or (session and any(len(each) > 1 for each in patients.values())):
        cause = f"{len(patients)} patients, {sum(map(len, patients.values()))} studies"
        raise DataError(
            "A label is given for several.",
            cause=cause,
            fix="leave --subject and --session out, or name the folder of one",
        )
    labels = {patient: subject or re.sub("[^A-Za-z0-9]", "", patient) or "unnamed" for patient in patients}
    if len(set(labels.values())) < len(labels):
        raise DataError(
            "Two patients would have one label.",
            cause=", ".join(sorted(labels.values())),
            fix="import them one by one, with --subject",
        )
    made: dict[tuple[str, str], list[Series]] = {}
    for patient, studies in patients.items():
        ordered = _studies(studies)
        for number, own in enumerate(ordered, 1):
            made[labels[patient], session or (str(number) if len(ordered) > 1 else "")] = own
    return made


def _studies(studies: Mapping[tuple[str, str], list[Series]]) -> list[list[Series]]:
    """The series of each study, by the first date in it."""
    joined: dict[str, list[Series]] = defaultdict(list)
    first: dict[str, str] = {}
    for (when, study), series in sorted(studies.items()):
        joined[study or when] += series
        first.setdefault(study or when, when)
    return [joined[study] for study in sorted(joined, key=lambda study: (first[study], study))]


def person(series: Sequence[Series]) -> dict[str, str]:
    """Age in years and sex (M, F) that the DICOM files tell, n/a where they do not."""
    said: dict[str, Any] = {}
    for each in series:
        said = {**each.said, **said}
    match = AGE.fullmatch(str(said.get("PatientAge", "")))
    sex = str(said.get("PatientSex", "")).upper()
    age = f"{int(match[1]) * YEARS[match[2]]:.3g}" if match else _between(said)
    return {"age": age, "sex": sex if sex in ("M", "F") else "n/a"}


def _between(said: Mapping[str, Any]) -> str:
    born, taken = (
        re.match(r"(\d{4})-?(\d\d)-?(\d\d)", str(said.get(key, "")))
        for key in ("PatientBirthDate", "AcquisitionDateTime")
    )
    if not born or not taken:
        return "n/a"
    years = [int(one[1]) + (int(one[2]) - 1) / 12 + int(one[3]) / 365.25 for one in (taken, born)]
    return f"{int(years[0] - years[1])}" if years[0] > years[1] else "n/a"


def write(series: Series, root: Path, subject: str, session: str) -> Path:
    """Put a T1 with its sidecar into the BIDS tree ``root``. Raises OutputError if it is there already; DataError: not usable."""
    parts = [f"sub-{subject}", *[f"ses-{session}"] * bool(session)]
    image = root.joinpath(*parts, "anat", "_".join([*parts, "T1w"]) + ".nii.gz")
    if image.exists():
        raise OutputError(
            "A scan is there already.",
            file=image,
            fix="remove it, or give another folder, --subject or --session",
        )
    loaded = load_nifti(series.image)
    try:
        check_field(loaded.shape, np.asarray(loaded.affine))
    except Unusable as error:
        raise DataError(
            error.what, file=series.title, cause=error.cause, fix="import another series"
        ) from None
    image.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in series.said.items() if not PRIVATE.search(key)}
    with atomic(image.with_name(image.name.replace(".nii.gz", ".json"))) as tmp:
        Path(tmp).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    with atomic(image) as tmp:
        shutil.copyfile(series.image, tmp)
    return image


def describe(root: Path, people: Mapping[str, Mapping[str, str]]) -> None:
    """Write what a BIDS tree has at its root; subjects that are there stay."""
    root.mkdir(parents=True, exist_ok=True)
    about = {"Name": root.resolve().name, "BIDSVersion": "1.11.0", "DatasetType": "raw"}
    texts = {
        "dataset_description.json": json.dumps(about, indent=1) + "\n",
        "README": "T1-weighted scans of the head, converted from DICOM by sadm import-dicom (dcm2niix).\n",
        "participants.json": json.dumps(
            {"age": {"Description": "age at the scan", "Units": "years"},
             "sex": {"Description": "sex", "Levels": {"M": "male", "F": "female"}}}, indent=1) + "\n",
    }  # fmt: skip
    for name, text in texts.items():
        if not (root / name).exists():
            (root / name).write_text(text, encoding="utf-8")
    table = root / "participants.tsv"
    lines = table.read_text(encoding="utf-8").splitlines() if table.exists() else ["participant_id\tage\tsex"]
    known = {line.partition("\t")[0] for line in lines}
    lines += [
        f"sub-{who}\t{said['age']}\t{said['sex']}"
        for who, said in people.items()
        if f"sub-{who}" not in known
    ]
    with atomic(table) as tmp:
        Path(tmp).write_text("\n".join(lines) + "\n", encoding="utf-8")


def imported(folder: Path, root: Path, subject: str = "", session: str = "") -> list[Path]:
    """The T1s of the DICOM files below ``folder``, as BIDS in ``root``; what became of each series is printed.

    Raises DataError if no session has a T1.
    """
    people: dict[str, dict[str, str]] = {}
    images = []
    with tempfile.TemporaryDirectory() as place:
        found = convert(folder, Path(place))
        for (who, when), series in sorted(sessions(found, subject, session).items()):
            best, why = choose(series)
            name = f"sub-{who}" + (f"_ses-{when}" if when else "")
            if best:
                images.append(write(best, root, who, when))
                people.setdefault(who, person(series))
                print(f"{name}: {best.title} is its T1: {images[-1]}")
            else:
                print(f"{name}: no T1")
            for each in series:
                if each is not best:
                    print(f"  not used, {each.title}: {why[str(each.image)]}")
    if not images:
        raise DataError(
            "No series is a T1.",
            file=folder,
            cause=f"{len(found)} series, each as told above",
            fix="name the folder with the T1",
        )
    describe(root, people)
    return images


def main(arguments: Sequence[str]) -> None:
    """Import the DICOM files that the command line names. Raises DataError, OutputError, ProcessingError."""
    parser = argparse.ArgumentParser(
        "sadm import-dicom", description="DICOM files as a BIDS data set of T1s."
    )
    parser.add_argument("folder", type=Path, help="folder with DICOM files, also nested")
    parser.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="BIDS",
        help="folder of the BIDS data set; subjects are added to it",
    )
    parser.add_argument("--subject", default="", help="label of the subject, where the folder holds one")
    parser.add_argument("--session", default="", help="label of the session, where the folder holds one")
    said = parser.parse_args(arguments)
    for name in ("subject", "session"):
        if re.search("[^A-Za-z0-9]", getattr(said, name)):
            parser.error(f"--{name}: use letters a to z and digits")
    images = imported(said.folder, said.to, said.subject, said.session)
    print(f"{len(images)} scans; next: sadm check {said.to}")
