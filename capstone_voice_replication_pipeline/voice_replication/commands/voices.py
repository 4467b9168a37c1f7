"""``voiceclone voices``: list, show, delete, export and import voices."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_replication.voices import VoiceStore

EXAMPLE = "voiceclone voices list"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command an action."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("list", help="all voices, enrolled and sample").add_argument
    add("--json", action="store_true", help="for programs")
    add = actions.add_parser("show", help="everything known about a voice").add_argument
    add("name", metavar="NAME")
    add = actions.add_parser("delete", help="remove a voice and all derived from it").add_argument
    add("name", metavar="NAME")
    add("--yes", action="store_true", help="do not ask")
    add = actions.add_parser("export", help="write a voice as one .voice file").add_argument
    add("name", metavar="NAME")
    add("-o", "--output", type=Path, metavar="FILE", help="default: NAME.voice")
    add = actions.add_parser("import", help="check a .voice file and store its voice").add_argument
    add("file", type=Path, metavar="FILE")
    add("--name", help="store it under another name")
    add("--replace", action="store_true", help="put it in the place of an earlier voice")
    add("--models-dir", type=Path, help="models of this run instead of the shipped ones")


def run(args: argparse.Namespace) -> int:
    """Do what ``args.action`` says."""
    from voice_replication.voices import VoiceStore

    store = VoiceStore()
    actions = {"list": _list, "show": _show, "delete": _delete, "export": _export}
    if args.action == "import":
        return _import(store, args)
    return actions[args.action](store, args)


def _list(store: VoiceStore, args: argparse.Namespace) -> int:
    from env_utils import VoiceReplicationError

    rows, broken = [], []
    for name in store.names():
        try:
            voice = store.get(name)
        except VoiceReplicationError as error:  # one damaged voice must not hide the others
            broken.append(f"{name}: {error}")
            continue
        pitch = f"{voice.statistics.f0_median_hz:.0f} Hz" if voice.statistics.f0_median_hz else "-"
        rows.append((name, voice.kind, pitch, voice.created[:10]))
    if args.json:
        keys = ("name", "kind", "pitch", "created")
        print(json.dumps([dict(zip(keys, row, strict=True)) for row in rows]))
    elif not rows:
        print('no voices yet; make one: voiceclone enroll NAME FILE... --consent "..."')
    else:
        width = max(len(row[0]) for row in rows)
        for name, kind, pitch, created in rows:
            print(f"{name:<{width}}  {kind:<10}  {pitch:>6}  {created}")
    for line in broken:
        print(f"damaged: {line}", file=sys.stderr)
    return 2 if broken else 0


def _show(store: VoiceStore, args: argparse.Namespace) -> int:
    from voice_replication.voice_files import to_json

    voice = store.get(args.name)
    values = {
        **to_json(voice),
        "kind": voice.kind,
        "folder": str(store.get_folder(args.name)),
        "consent_recording": str(voice.consent_recording) if voice.consent_recording else None,
    }
    print(json.dumps(values, indent=2, ensure_ascii=False))
    return 0


def _delete(store: VoiceStore, args: argparse.Namespace) -> int:
    from env_utils import InputError

    store.get_folder(args.name)  # raises when there is no such voice, before asking
    if not args.yes:
        if not sys.stdin.isatty():
            raise InputError(f"deleting '{args.name}' cannot be undone; add --yes.")
        answer = input(f"Delete voice '{args.name}' and all derived from it? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            print("nothing was deleted.")
            return 0
    store.delete(args.name)
    print(f"voice '{args.name}' is deleted. Sound files you made with it are yours to delete.")
    return 0


def _export(store: VoiceStore, args: argparse.Namespace) -> int:
    target = store.export(args.name, args.output or Path(f"{args.name}.voice"))
    print(f"{target}: {target.stat().st_size / 1024:.0f} KiB, with its consent record.")
    if store.get(args.name).consent_recording:
        print("The recording in which its speaker agreed stays here.")
    return 0


def _import(store: VoiceStore, args: argparse.Namespace) -> int:
    from training_utils import file_fingerprint

    from voice_replication.home import checkpoint_path

    encoder = file_fingerprint(checkpoint_path("encoder", args.models_dir))
    voice = store.import_voice(args.file, encoder, args.name, args.replace)
    who = voice.consent.speaker if voice.consent else "nobody: it is synthetic"
    print(f"voice '{voice.name}' ({voice.kind}) is stored; consent given by {who}.")
    return 0
