"""The command line that every lesson script has in common.

def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    ...
"""

from __future__ import annotations

import argparse
from pathlib import Path

from env_utils.paths import repo_root


def lesson_parser(module: str, description: str | None = None) -> argparse.ArgumentParser:
    """A parser with ``--output-dir`` (``outputs/<module>``, created), ``--seed`` and ``--smoke``.

    ``module`` is the folder of the lesson, for example ``"02_deep_learning_basics"``;
    ``description`` is usually the script's own docstring and is printed as it stands.
    Add the lesson's own options to what is returned.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--output-dir",
        type=_created_folder,
        default=str(repo_root() / "outputs" / module),  # argparse puts a text through `type`
        metavar="DIR",
        help=f"where the results go (default: outputs/{module})",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="start of every random number (default: 0)"
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="shrink the data so that the script ends in seconds; the code that runs is the same",
    )
    return parser


def _created_folder(name: str) -> Path:
    folder = Path(name).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
