"""``voiceclone record``: read the prompts of a new voice, or import recordings of it."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_replication.recording_takes import TakeFolder

EXAMPLE = (
    "voiceclone record anna --from recordings/anna "
    '--consent "I, Anna, agree that my voice is cloned."'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME", help="of the voice: letters, digits, - and _")
    add(
        "--from",
        type=Path,
        dest="source",
        metavar="FOLDER",
        help="import these recordings instead: metadata.csv with file,text, or a .txt per file",
    )
    add("--output", "-o", type=Path, metavar="DIR", help="default: VOICECLONE_HOME/recordings/NAME")
    add("--prompts", type=Path, metavar="FILE", help="read these sentences (one a line) instead")
    add(
        "--again",
        action="append",
        default=[],
        metavar="ID",
        help="record this prompt once more, for example short_03 (may be given several times)",
    )
    add("--consent", metavar="STATEMENT", help="what the speaker agrees to; stored as consent.json")
    add("--speaker", help="who the speaker is, for the consent record (default: NAME)")
    add("--device", help="microphone: number or part of its name (default: the system's)")
    add("--list-devices", action="store_true", help="list the microphones and leave")


def run(args: argparse.Namespace) -> int:
    """Record or import; exit code 0 also when stopped on purpose, as all takes are kept."""
    from datetime import date

    from env_utils import InputError, voiceclone_home

    from voice_replication.recording_takes import TakeFolder
    from voice_replication.voice import check_name

    if args.list_devices:
        from voice_replication.recording_microphone import list_devices

        print("\n".join(list_devices()) or "no microphone was found")
        return 0
    if args.name is None:
        raise InputError("which voice? Give it a name: voiceclone record NAME")
    name = check_name(args.name)
    folder = args.output or voiceclone_home() / "recordings" / name
    takes = TakeFolder(folder, args.speaker or name)
    if args.consent is not None:
        how = "typed with the recordings"
        takes.give_consent(args.consent, date.today().isoformat(), how)
    if args.source is not None:
        _import(args.source, takes)
    else:
        _record(args, takes)
    _say_what_is_next(name, takes)
    return 0


def _import(source: Path, takes: TakeFolder) -> None:
    from voice_replication.recording_import import import_recordings

    result = import_recordings(source, takes)
    print(f"imported {result.kept} recordings, {result.already_there} were there -> {takes.folder}")
    if result.without_text:
        print(f"{result.without_text} have no transcript: fit to enroll a voice, not to fine-tune")
    for line in result.refused:
        print(f"refused {line}")


def _record(args: argparse.Namespace, takes: TakeFolder) -> None:
    from env_utils import InputError

    from voice_replication.recording import record_prompts
    from voice_replication.recording_microphone import SoundCard, Terminal
    from voice_replication.recording_prompts import read_prompts, standard_prompts

    prompts = read_prompts(args.prompts) if args.prompts else standard_prompts()
    unknown = sorted(set(args.again) - {prompt.id for prompt in prompts})
    if unknown:
        raise InputError(f"--again {unknown[0]}: there is no such prompt; see {takes.folder}.")
    if not takes.remaining(prompts) and not args.again:
        print(f"all {len(prompts)} prompts are recorded already")
        return
    microphone = SoundCard(args.device)
    print("Sit a hand's width or two from the microphone, in a quiet room without echo.")
    print("A take starts with Enter and ends by itself when you have finished the sentence.")
    record_prompts(prompts, takes, microphone, Terminal(), again=args.again)


def _say_what_is_next(name: str, takes: TakeFolder) -> None:
    from voice_replication.recording_takes import CONSENT

    if not takes.rows:
        return
    consent = ["--consent-file", str(takes.folder / CONSENT)]
    if takes.consent() is None:
        consent = ["--consent", "I, ..., agree that my voice is cloned."]
    files = [str(takes.folder / file) for file in list(takes.rows)[:3]]
    print(f"next: {shlex.join(['voiceclone', 'enroll', name, *files, *consent])}")
    if len(takes.rows) >= 10:
        print(f"then: {shlex.join(['voiceclone', 'finetune', name, str(takes.folder)])}")
