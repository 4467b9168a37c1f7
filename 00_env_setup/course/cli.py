"""``course``: the learner's command.

Nothing but the standard library is imported before the Python version is known to be good enough;
numpy and torch are imported in child processes only, so the command answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.screen import Screen

OLDEST = (3, 11)

COMMANDS = {
    "doctor": "say what works on this machine, and the fix for what does not",
    "list": "list all lessons and exercises, or those of some floors",
    "next": "say what to do next, with the exact command",
    "run": "run a lesson and list what it wrote",
    "check": "check an exercise",
    "watch": "check an exercise whenever its file is saved",
    "hint": "give the next hint for a lesson or an exercise",
    "solution": "show the solution of an exercise that has passed, or that you give up",
    "progress": "show how far you are",
    "reset": "forget a step; an exercise's file becomes as it was given",
}
EPILOG = """\
Start with `course doctor`, then `course next` again and again. Step ids look like 02.3 (a lesson)
and 02.e1 (an exercise). Progress is kept in your user's state folder, or in $COURSE_HOME.

examples:
  course run 02.3 --smoke     the same code on little data, in seconds
  course check 02.e1
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``course`` and its sub-commands."""
    parser = argparse.ArgumentParser(
        prog="course",
        description="Learn voice cloning by building it, one step after the other.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    made = {
        name: commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        for name, text in COMMANDS.items()
    }
    for name in ("run", "check", "watch", "hint", "solution", "reset"):
        made[name].add_argument("id", metavar="ID", help="02.3, 02.e1, or the name of the file")
    made["list"].add_argument("floors", nargs="*", metavar="FLOOR", help="for example 02")
    made["next"].add_argument("--lessons", action="store_true", help="leave exercises for later")
    made["run"].add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="what the lesson itself gets, for example --smoke; --help shows its options",
    )
    for name in ("check", "watch"):
        made[name].add_argument(
            "--limit",
            type=float,
            default=60.0,
            metavar="SECONDS",
            help="stop a check that is not finished by then (default: 60)",
        )
    made["solution"].add_argument(
        "--give-up", action="store_true", help="show it although the exercise has not passed"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``course``; returns the exit code.

    0 success; 1 an exercise has not passed, or `doctor` found something missing; 2 bad usage;
    3 the manifest is wrong; 130 interrupted; `run` hands on the code of the lesson.
    """
    if sys.version_info[:2] < OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        print(
            f"The course needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and this is {version}. "
            "Install a newer one from python.org or your system, then make the environment again "
            "with it: make install-requirements PYTHON=/path/to/python3",
            file=sys.stderr,
        )
        return 2
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(arguments or ["--help"])
    from env_utils.errors import VoiceReplicationError

    from course.screen import Screen

    screen = Screen()
    try:
        return _dispatch(args, screen)
    except VoiceReplicationError as error:
        screen.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        screen.warn("\nStopped.")
        return 130
    except BrokenPipeError:  # `course list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a file that is gone or may not be read: the message names it
        screen.error(str(error))
        return 1


def _dispatch(args: argparse.Namespace, screen: Screen) -> int:
    from course import overview, practice
    from course.lookup import course_root
    from course.manifest import MANIFEST, load_course
    from course.state import Progress, state_folder

    if args.command == "doctor":
        from course.doctor import doctor

        return doctor(screen)
    course = load_course(course_root() / MANIFEST)
    progress = Progress(state_folder(), screen.warn)
    here = (course, progress, screen)
    actions: dict[str, Callable[[], int]] = {  # no `match`: an older Python must get as far as main
        "list": lambda: overview.show_list(*here, args.floors),
        "next": lambda: overview.show_next(*here, args.lessons),
        "progress": lambda: overview.show_progress(*here),
        "run": lambda: practice.run(*here, args.id, args.arguments),
        "check": lambda: practice.check(*here, args.id, args.limit),
        "watch": lambda: practice.watch(*here, args.id, args.limit),
        "hint": lambda: practice.hint(*here, args.id),
        "solution": lambda: practice.solution(*here, args.id, args.give_up),
        "reset": lambda: practice.reset(*here, args.id),
    }
    return actions[args.command]()


if __name__ == "__main__":
    sys.exit(main())
