"""Writing files: whatever happens in between, a reader finds the old or the new content, whole."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from env_utils import InputError, atomic_path, atomic_write_json, atomic_write_text, read_json
from hypothesis import given, settings
from hypothesis import strategies as st

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)  # fsync takes as long as it takes
@given(value=json_values)
def test_json_comes_back_as_it_was(value: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("json") / "value.json"
    atomic_write_json(path, value)
    assert read_json(path) == value


def test_an_error_while_writing_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "model.bin"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="halfway"), atomic_path(target) as temporary:
        temporary.write_bytes(b"new, but not all of i")
        raise RuntimeError("halfway")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_one_clear_sentence_and_the_old_file_survives(tmp_path: Path) -> None:
    target = tmp_path / "model.bin"
    target.write_bytes(b"old")
    with pytest.raises(InputError, match=r"model\.bin: the disk is full"), atomic_path(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_kill_9_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    program = (
        "import sys; from env_utils import atomic_write_json\n"
        "for step in range(10**9):\n"
        "    atomic_write_json(sys.argv[1], {'step': step, 'numbers': [step] * 20_000})\n"
    )
    for attempt in range(3):
        writer = subprocess.Popen([sys.executable, "-c", program, str(target)])
        deadline = time.monotonic() + 20
        while not target.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05 + 0.03 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        state = json.loads(target.read_text())
        assert set(state["numbers"]) == {state["step"]} and len(state["numbers"]) == 20_000


def test_what_is_written_has_ordinary_permissions(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("made by open()")
    atomic_write_text(tmp_path / "ours.txt", "made by us")
    assert (tmp_path / "ours.txt").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("content", [b'{"a": 1', b"\xff\xfe\x00", b""])
def test_damaged_json_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "voice.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"voice\.json: this is not readable JSON"):
        read_json(path)


def test_missing_json_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.json: there is no such file"):
        read_json(tmp_path / "nothing.json")
