"""The command line that every lesson script has in common.

def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("02_deep_learning_basics", __doc__).parse_args(argv)
    ...
    return {"accuracy": accuracy}

if __name__ == "__main__":
    run_lesson(main)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from env_utils.errors import MissingDependencyError, VoiceReplicationError
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


def run_lesson(main: Callable[[], Mapping[str, object]]) -> None:
    """Run a lesson's ``main`` as a program: errors and Ctrl-C end in one sentence, no traceback.

    Leaves with the exit code of the error's kind, or with 130 when interrupted. What a lesson
    writes goes through ``atomic_path``, so an interruption leaves no half-written file.
    """
    try:
        main()
    except VoiceReplicationError as error:
        sys.exit(_said(str(error), error.exit_code))
    except ModuleNotFoundError as error:
        missing = MissingDependencyError(
            f"{error.name} is not installed, and this lesson can not do without it: "
            'make install-requirements, or pip install "voice-cloning-pipeline[course]"'
        )
        sys.exit(_said(str(missing), missing.exit_code))
    except KeyboardInterrupt:
        sys.exit(_said("Stopped. Finished files are complete; run it again at any time.", 130))


def _said(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _created_folder(name: str) -> Path:
    folder = Path(name).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"cannot write to {folder} ({error.strerror}); choose another folder"
        ) from error
    return folder
