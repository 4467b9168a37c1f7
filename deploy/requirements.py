"""The dependencies of the project without the project itself, for an image's lasting layer.

    python requirements.py deploy,ray > requirements.txt     # the required ones and two extras'

Only the standard library is needed; ``pyproject.toml`` lies beside this file or one folder above.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def requirements(project: Path, extras: list[str]) -> list[str]:
    """The requirement lines of ``project`` (a ``pyproject.toml``) with ``extras``, in order.

    Raises ``SystemExit`` with a sentence for an extra that does not exist.
    """
    table = tomllib.loads(project.read_text("utf-8"))["project"]
    optional = table["optional-dependencies"]
    unknown = sorted(set(extras) - set(optional))
    if unknown:
        raise SystemExit(f"{project} has no extra {', '.join(unknown)}.")
    lines = [*table["dependencies"], *(line for extra in extras for line in optional[extra])]
    return list(dict.fromkeys(lines))


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    found = here / "pyproject.toml"
    project = found if found.is_file() else here.parent / "pyproject.toml"
    print("\n".join(requirements(project, [name for name in sys.argv[1].split(",") if name])))
