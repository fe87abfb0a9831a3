"""Makes docs/report.png: the report of the example system, opened in Chromium.

.venv/bin/python tools/report_picture.py                evaluates the example first (some minutes)
.venv/bin/python tools/report_picture.py --from FOLDER  a copy of it that was evaluated already

Needs the [local] extra, Debian's chromium and playwright. Two candidates of the example run on the
real local model in a copy of its folder; the second is compared with the first.
"""

from __future__ import annotations

import argparse
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "report.png"
MOST_BYTES = 200_000
BEFORE, AFTER = "candidate.yaml", "candidates/described.yaml"
INSTALL = "apt-get install chromium fonts-inter && pip install playwright"


def roadworthy(*arguments: str, may_end_with: tuple[int, ...] = (0,)) -> None:
    """Run one command and stop when it does not end as it should."""
    done = subprocess.run([sys.executable, "-m", "roadworthy", *arguments], check=False)
    if done.returncode not in may_end_with:
        raise SystemExit(f"roadworthy {' '.join(arguments)} ended with {done.returncode}")


def evaluated(folder: Path) -> Path:
    """A copy of the example with runs of both candidates and the gate's decision on the second."""
    desk = folder / "claims-desk"
    shutil.copytree(ROOT / "examples" / "claims-desk", desk)
    for candidate in (BEFORE, AFTER):
        roadworthy("eval", str(desk), "--candidate", candidate)
    deliberate(desk)
    roadworthy("gate", str(desk), "--candidate", AFTER, may_end_with=(0, 3, 4))
    return desk


def deliberate(desk: Path) -> None:
    """The example's note, about the second candidate."""
    from roadworthy.manifests import load_system
    from roadworthy.release import pin

    digest = pin(load_system(desk, candidate=AFTER)).candidate_digest
    note = desk / "deliberation-note.md"
    lines = note.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = [
        f'candidate: "{digest}"\n' if line.startswith("candidate:") else line for line in lines
    ]
    note.write_text("".join(changed), encoding="utf-8")


def picture(report: Path, out: Path) -> int:
    """The first part of the page and its curves, one under the other, as one picture."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SystemExit(f"there is no playwright here: {INSTALL}") from error
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit(f"there is no chromium here: {INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 900}, device_scale_factor=0.78)
        page.goto(f"file://{report}")
        page.wait_for_selector("html[data-ready]", state="attached")
        # What is between the objectives and the curves is left out of the picture, not changed.
        page.evaluate(
            """() => {
                const hide = (wanted, from = 0) => [...document.querySelectorAll(wanted)]
                    .slice(from).forEach((node) => { node.style.display = 'none'; });
                hide('#slices, #robustness, #rails, #cases, #evidence');
                hide('.objectives tbody tr', 4);
                hide('#flips tbody tr', 1);
                hide('#objectives details, #flips .two, #flips .intro, #calibration .facts');
                hide('figure details, #theme');
                document.querySelector('.top').style.position = 'static';
                for (const node of document.querySelectorAll('section'))
                    node.style.marginBottom = '1.6rem';
                document.querySelector('main').style.paddingBottom = '0';
            }"""
        )
        page.screenshot(path=str(out), full_page=True)
        browser.close()
    out.write_bytes(without_filters(out.read_bytes()))
    return out.stat().st_size


def without_filters(png: bytes) -> bytes:
    """The same pixels, each row stored as it is: flat colours deflate a quarter smaller so.

    https://www.w3.org/TR/png-3/#9Filters; 8-bit RGB or RGBA, not interlaced, as Chromium writes.
    """
    chunks: list[tuple[bytes, bytes]] = []
    at = 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        chunks.append((kind, png[at + 8 : at + 8 + size]))
        at += 12 + size
    head = next(data for kind, data in chunks if kind == b"IHDR")
    width, height, _, colour = struct.unpack(">IIBB", head[:10])
    step = {2: 3, 6: 4}[colour]
    packed = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    rows, before, long = [], bytearray(width * step), width * step
    for y in range(height):
        start = y * (long + 1)
        row = _unfiltered(packed[start], packed[start + 1 : start + 1 + long], before, step)
        rows.append(b"\0" + bytes(row))
        before = row
    pixels = zlib.compress(b"".join(rows), 9)
    out = png[:8]
    for kind, data in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")):
        check = zlib.crc32(kind + data)
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
    return out


def _unfiltered(kind: int, line: bytes, above: bytearray, step: int) -> bytearray:
    row = bytearray(line)
    for i in range(len(row)):
        a = row[i - step] if i >= step else 0
        b = above[i]
        c = above[i - step] if i >= step else 0
        row[i] = (row[i] + (0, a, b, (a + b) >> 1, _paeth(a, b, c))[kind]) & 255
    return row


def _paeth(a: int, b: int, c: int) -> int:
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def main() -> None:
    """Make the picture; more than 200 kB is an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, help="a folder evaluated already")
    parser.add_argument("--out", type=Path, default=PICTURE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="roadworthy-picture-") as scratch:
        desk = options.folder or evaluated(Path(scratch))
        report = Path(scratch) / "report.html"
        roadworthy("report", str(desk), "--against", BEFORE, "--out", str(report))
        size = picture(report, options.out)
    print(f"{options.out}: {size / 1000:.0f} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"{options.out} is larger than {MOST_BYTES // 1000} kB")


if __name__ == "__main__":
    main()
