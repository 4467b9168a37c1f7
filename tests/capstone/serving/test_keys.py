"""Keys are shown once, cannot be read back, and stop working when they are revoked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from env_utils import InputError
from voice_replication.cli import main
from voice_replication.serving.database import Database, open_database
from voice_replication.serving.keys import KeyStore


@pytest.fixture()
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "server")


def test_a_key_is_known_by_its_holder_and_by_nobody_who_reads_the_files(
    database: Database,
) -> None:
    created, key = KeyStore(database).create("reader app")
    assert re.fullmatch(r"vc-[0-9a-f]{8}-[\w-]{43}", key)
    found = KeyStore(database).client(key)
    assert found is not None
    assert (found.id, found.name) == (created.id, "reader app")
    database.close()
    secret = key.rpartition(f"{created.id}-")[2].encode()
    files = [path.read_bytes() for path in database.path.parent.iterdir()]
    assert any(b"reader app" in data for data in files)
    assert not any(secret in data for data in files)
    assert database.path.stat().st_mode & 0o077 == 0  # for the owner's eyes only


def test_keys_differ_and_one_character_matters(database: Database) -> None:
    keys = KeyStore(database)
    made = [keys.create("app")[1] for _ in range(50)]
    assert len(set(made)) == 50
    for position in range(len(made[0])):
        changed = made[0][:position] + ("Z" if made[0][position] != "Z" else "Y")
        assert keys.client(changed + made[0][position + 1 :]) is None


def test_revoking_by_id_or_name(database: Database) -> None:
    keys = KeyStore(database)
    (first, first_key), (_, second_key) = keys.create("app"), keys.create("app")
    with pytest.raises(InputError, match="2 keys are called 'app'"):
        keys.revoke("app")
    keys.revoke(first.id)
    assert keys.client(first_key) is None
    assert keys.client(second_key) is not None
    keys.revoke("app")
    assert keys.client(second_key) is None
    with pytest.raises(InputError, match="no usable key"):
        keys.revoke("app")
    assert all(key.revoked for key in keys.list())


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "two\nlines", "nul\x00"])
def test_names_that_would_spoil_a_list_are_refused(database: Database, name: str) -> None:
    with pytest.raises(InputError, match="name of a key"):
        KeyStore(database).create(name)


def test_the_commands(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "reader app"]) == 0
    key = capsys.readouterr().out.strip()
    assert main(["keys", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["name"] == "reader app"
    assert listed["last_used"] is None
    assert "hash" not in listed
    with open_database(home / "server") as database:
        assert KeyStore(database).client(key) is not None
    assert main(["keys", "list"]) == 0
    assert key not in capsys.readouterr().out
    assert main(["keys", "revoke", "reader app"]) == 0
    assert main(["keys", "revoke", "reader app"]) == 2
    with open_database(home / "server") as database:
        assert KeyStore(database).client(key) is None
    log = (home / "server" / "audit.jsonl").read_text()
    assert [json.loads(line)["action"] for line in log.splitlines()] == ["create_key", "revoke_key"]
    assert key not in log


def test_making_a_key_does_not_wait_for_the_models_libraries(home: Path) -> None:
    program = (
        "import sys; from voice_replication.cli import main; "
        "code = main(['keys', 'create', 'quick']); sys.exit(code or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
    with open_database(home / "server") as database:
        assert [key.name for key in KeyStore(database).list()] == ["quick"]
