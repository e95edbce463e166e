"""The two pictures of the README, made of a finished demo: PYTHONPATH=tests/support python docs/pictures.py (needs chromium).

docs/report.webp is the first screen of the report, docs/case.webp the best case of its first test set in three planes.
"""

import io
import sys
import tempfile
from base64 import b64decode
from pathlib import Path

from browser import Page
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
WIDE, HIGH = 1440, 1040  # of the window, pixels
CASE = "document.querySelector('figure.sv')"


def shot(page: Page, out: Path, **clip: float) -> None:
    """Write the window, or the part ``clip`` of the page, as WebP."""
    said = {"captureBeyondViewport": True, "clip": {**clip, "scale": 1}} if clip else {}
    image = Image.open(io.BytesIO(b64decode(page.call("Page.captureScreenshot", **said)["data"])))
    image.convert("RGB").save(out, "WEBP", quality=82, method=6)


def main(report: Path) -> None:
    """Both pictures of ``report``."""
    with tempfile.TemporaryDirectory() as profile, Page(Path(profile), WIDE, HIGH) as page:
        page.open(report)
        shot(page, ROOT / "docs/report.webp")
        page.run(f"{CASE}.scrollIntoView({{behavior: 'instant'}})")
        page.until(f"{CASE}.matches('.ready')")
        box = page.run(f"(b => ({{x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height}}))({CASE}.getBoundingClientRect())")  # fmt: skip
        shot(page, ROOT / "docs/case.webp", **box)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "results/report.html"))
