"""``voiceclone``: one command whose sub-commands mirror the folders of this package.

Only the standard library is imported here, and a command's own module only when it is called: that
is why ``voiceclone --help`` answers at once although the models behind it need PyTorch.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

COMMANDS = {
    "record": "record the prompts of a new voice, or import existing recordings",
    "preprocess": "turn recordings or a corpus into clean 24 kHz mono utterances",
    "augment": "write changed copies (pitch, tempo, noise, room ...) of a data folder",
    "align": "find where every word and phoneme is spoken",
    "features": "compute mels, F0, energy and embeddings of a data folder",
    "train": "train encoder, aligner, synthesizer, vocoder, or all of them",
    "enroll": "make a voice from one or more references, without transcripts",
    "finetune": "adapt the synthesizer to a voice from ten or more recordings",
    "speak": "read a text aloud in a voice",
    "narrate": "read a whole book aloud, chapter by chapter",
    "detect": "say whether a recording carries our inaudible watermark",
    "serve": "the REST API and the studio page, on this machine or for others",
    "keys": "create, list and revoke the API keys of the server",
    "voices": "list, show, delete, export and import voices",
    "evaluate": "measure quality, with real recordings and espeak-ng as anchors",
    "bench": "measure speed and memory",
    "demo": "clone a voice, speak, and write one page that shows and plays it",
}


def _overview() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{text}" for name, text in COMMANDS.items()]
    return "commands:\n" + "\n".join(lines)


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser of ``voiceclone`` or, if ``command`` is given, of that one command."""
    if command is None:
        parser = argparse.ArgumentParser(
            prog="voiceclone",
            usage="voiceclone [--version] COMMAND ...",
            description="From recordings of a person to any text in that voice.",
            epilog=_overview() + "\n\n'voiceclone COMMAND --help' explains a command, with an "
            "example.\nVoices and runs live in $VOICECLONE_HOME (default: your data folder).",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("--version", action="store_true", help="print the version and leave")
        return parser
    module = importlib.import_module(f"voice_replication.commands.{command}")
    parser = argparse.ArgumentParser(
        prog=f"voiceclone {command}",
        description=COMMANDS[command][0].upper() + COMMANDS[command][1:] + ".",
        epilog=f"example:\n  {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``voiceclone``; returns the exit code.

    0 success; 1 unexpected; 2 bad usage or input; 3 configuration; 4 checkpoint; 5 consent;
    6 something is not installed; 7 training; 8 quality refused; 9 no watermark; 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0].startswith("-"):
        if build_parser().parse_args(arguments or ["--help"]).version:
            from importlib.metadata import version

            print(version("voice-cloning-pipeline"))
        return 0
    command = arguments[0]
    if command not in COMMANDS:
        print(f"voiceclone: there is no command '{command}'.\n{_overview()}", file=sys.stderr)
        return 2
    from env_utils.errors import VoiceReplicationError

    debug = "--debug" in arguments
    try:
        args = build_parser(command).parse_args(arguments[1:])
        return int(args.run(args))
    except VoiceReplicationError as error:
        if debug:
            raise
        print(f"voiceclone {command}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        if debug:
            raise
        print(
            f"\nvoiceclone {command}: interrupted; finished work is kept. "
            "Run the same command again to go on.",
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:  # `voiceclone voices list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        print(
            f"voiceclone {command}: unexpected {type(error).__name__}: {error}. "
            "Run it again with --debug and report the traceback.",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())
