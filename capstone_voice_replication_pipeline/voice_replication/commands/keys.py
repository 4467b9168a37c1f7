"""``voiceclone keys``: create, list and revoke the API keys of the server."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_replication.serving.keys import ApiKey, KeyStore

EXAMPLE = 'voiceclone keys create "reader app"'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command an action."""
    parser.add_argument("--home", type=Path, help="data folder (default: $VOICECLONE_HOME)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("create", help="make a key and show it, once").add_argument
    add("name", metavar="NAME", help="who or what will use it")
    add = actions.add_parser("list", help="all keys, without what is secret").add_argument
    add("--json", action="store_true", help="for programs")
    add = actions.add_parser("revoke", help="make a key useless, at once").add_argument
    add("key", metavar="ID_OR_NAME")


def run(args: argparse.Namespace) -> int:
    """Do what ``args.action`` says; a server that runs sees it with its next request."""
    from voice_replication.serving.audit import FILE_NAME as AUDIT_FILE
    from voice_replication.serving.audit import AuditLog
    from voice_replication.serving.database import open_database
    from voice_replication.serving.keys import KeyStore

    folder = _home(args.home) / "server"
    with open_database(folder) as database:
        keys, audit = KeyStore(database), AuditLog(folder / AUDIT_FILE)
        if args.action == "create":
            created, key = keys.create(args.name)
            audit.write("create_key", created.id, name=created.name)
            print(key)
            print(f"key {created.id} for {created.name}; not shown again", file=sys.stderr)
        elif args.action == "revoke":
            revoked = keys.revoke(args.key)
            audit.write("revoke_key", revoked.id, name=revoked.name)
            print(f"revoked: {revoked.id} ({revoked.name})")
        else:
            _list(keys, args.json)
    return 0


def _home(given: Path | None) -> Path:
    """The server's data folder; its settings would say the same, but only after loading torch."""
    from env_utils import voiceclone_home

    configured = os.environ.get("VOICECLONE_SERVE_HOME")
    return given or (Path(configured) if configured else voiceclone_home())


def _list(keys: KeyStore, as_json: bool) -> None:
    if as_json:
        print(json.dumps([vars(key) for key in keys.list()]))
        return
    if not keys.list():
        print("no keys yet; make one: voiceclone keys create NAME")
    for key in keys.list():
        print(f"{key.id}  {_state(key):<32}  {key.name}")


def _state(key: ApiKey) -> str:
    if key.revoked:
        return f"revoked {key.revoked[:10]}"
    return f"last used {key.last_used[:10]}" if key.last_used else "never used"
