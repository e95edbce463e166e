"""The rows of the paper's Table 1, by name: ``rows: table1``."""

from collections.abc import Iterable, Mapping

TABLE1 = "table1"
WITHOUT_LABELS = {"AE": "ae", "VAE": "vae", "DAE": "dae", "FAE": "fae", "RD": "rd", "DDPM": "ddpm", "pDDPM": "pddpm",
                  "cDDPM": "cddpm", "PII": "pii", "DRAEM-Net": "draem_net@draem"}  # fmt: skip
WITH_LABELS = {"Unet": "unet@{0}", "Unet_res": "unet_res@{0}", "SADM": "cddpm + unet@{0}", "SADM_res": "cddpm + unet_res@{0}"}  # fmt: skip


def table1(annotated: Iterable[str]) -> dict[str, str]:
    """Ten rows, and four for painted anomalies and each of the ``annotated`` test sets: "Unet-BRATS": "unet@brats"."""
    trained = {
        f"{row}-{name.upper()}": term.format(name)
        for name in ("draem", *annotated)
        for row, term in WITH_LABELS.items()
    }
    return WITHOUT_LABELS | trained


def expanded(rows: Mapping[str, str] | str, annotated: Iterable[str]) -> dict[str, str]:
    """``rows`` with those of Table 1 in place of a row whose value is "table1", or of the text alone."""
    named = {TABLE1: rows} if isinstance(rows, str) else rows
    whole, found = table1(annotated), dict[str, str]()
    for row, terms in named.items():
        found |= whole if terms == TABLE1 else {row: terms}
    return found
