"""Makes the README's pictures of the studio from what its tests saw in the browser.

    pytest tests/capstone/serving/test_page_accessibility.py
    python capstone_voice_replication_pipeline/figures/draw_studio.py

The tests leave a picture of every view in `outputs/screenshots/`; two of them are kept here, with
fewer colors and without the empty lower part.
"""

from __future__ import annotations

import io
from pathlib import Path

from env_utils import atomic_write_bytes
from PIL import Image

HERE = Path(__file__).resolve().parent
SCREENSHOTS = HERE.parents[1] / "outputs" / "screenshots"
# file here -> (file there, rows that are kept)
PICTURES = {
    "studio_voices.png": ("voices-desktop-light.png", 545),
    "studio_speak.png": ("speaking-desktop-dark.png", 780),
}
WIDTH = 1264  # without the scroll bar
COLOURS_IN_FILE = 48


def main() -> None:
    """Write both."""
    for name, (source, height) in PICTURES.items():
        seen = Image.open(SCREENSHOTS / source).convert("RGB").crop((0, 0, WIDTH, height))
        file = io.BytesIO()
        seen.quantize(COLOURS_IN_FILE).save(file, "PNG", optimize=True)
        atomic_write_bytes(HERE / name, file.getvalue())
        print(f"{HERE / name}: {len(file.getvalue()) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
