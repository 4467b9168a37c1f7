"""Keys follow content and nothing else; a cached artifact is made once, whole or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from env_utils import ConfigError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_utils import ArtifactCache, ContentHashes, content_key

scalars = st.none() | st.booleans() | st.integers() | st.text()
mappings = st.dictionaries(st.text(), scalars | st.lists(scalars), max_size=5)
trees = st.dictionaries(st.text("ab", min_size=1), st.binary(max_size=9), max_size=4)


@given(mappings)
def test_the_order_of_a_mapping_does_not_matter(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert content_key(turned) == content_key(value)


@given(mappings, mappings)
def test_different_values_have_different_keys(one: dict, two: dict) -> None:
    same = repr(sorted(one.items())) == repr(sorted(two.items()))  # repr: True is not 1 here
    assert (content_key(one) == content_key(two)) == same


def test_a_value_without_a_stable_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="a function can not be part of a key"):
        content_key({"action": test_a_value_without_a_stable_text_is_refused})
    assert content_key(Path("a") / "b") == content_key("a/b")


def grow(folder: Path, tree: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in tree.items():
        (folder / name).write_bytes(data)
    return folder


@settings(deadline=None)
@given(one=trees, two=trees)
def test_folders_are_equal_when_names_and_bytes_are(
    one: dict[str, bytes], two: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root, hashes = tmp_path_factory.mktemp("trees"), ContentHashes()
    equal = hashes.of(grow(root / "one", one)) == hashes.of(grow(root / "two", two))
    assert equal == (one == two)


def test_a_change_of_the_same_length_in_the_same_moment_is_seen(tmp_path: Path) -> None:
    path, hashes = tmp_path / "file", ContentHashes(tmp_path / "memory.json")
    path.write_text("one")
    before, status = hashes.of(path), path.stat()
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert hashes.of(path) != before


def test_an_old_file_is_read_only_once(tmp_path: Path) -> None:
    path, memory = tmp_path / "file", tmp_path / "memory.json"
    path.write_text("one")
    os.utime(path, (time.time() - 60, time.time() - 60))
    status, hashes = path.stat(), ContentHashes(memory)
    first = hashes.of(path)
    hashes.save()
    path.write_text("two")  # with the old time put back nobody could know, short of reading it
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ContentHashes(memory).of(path) == first
    os.utime(path)
    assert ContentHashes(memory).of(path) != first


def test_temporary_files_do_not_count_and_missing_ones_are_named(tmp_path: Path) -> None:
    folder = grow(tmp_path / "folder", {"a": b"1"})
    before = ContentHashes().of(folder)
    (folder / ".a.123.part").write_text("half")
    assert ContentHashes().of(folder) == before
    with pytest.raises(InputError, match="nothing: there is no such"):
        ContentHashes().of(tmp_path / "nothing")


def test_an_artifact_is_made_once(tmp_path: Path) -> None:
    cache, made = ArtifactCache(tmp_path / "cache", version="1"), []

    def make(path: Path) -> None:
        made.append(path)
        path.write_text("spoken")

    for _ in range(2):
        path = cache.fetch({"text": "Hello.", "speed": 1.0}, ".txt", make)
    assert len(made) == 1 and path.suffix == ".txt" and path.read_text() == "spoken"
    cache.fetch({"text": "Hello.", "speed": 1.5}, ".txt", make)
    ArtifactCache(tmp_path / "cache", version="2").fetch({"text": "Hello.", "speed": 1.0}, "", make)
    assert len(made) == 3 and cache.size_bytes() == 3 * len("spoken")


def test_a_failure_leaves_no_artifact(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path / "cache", version="1")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("no voice")

    with pytest.raises(RuntimeError, match="no voice"):
        cache.fetch("x", ".txt", fail)
    assert cache.size_bytes() == 0
    assert cache.fetch("x", ".txt", lambda path: path.touch()).exists()


def test_pruning_keeps_what_is_asked_for(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path / "cache", version="1")
    for recipe in range(5):
        cache.fetch(recipe, ".txt", lambda path: path.touch())
    (cache.path(0, "").parent / ".left-by-a-kill.part").touch()
    assert cache.prune([(0, ".txt"), (3, ".txt")]) == 4
    assert cache.path(0, ".txt").is_file() and cache.path(3, ".txt").is_file()
    assert not cache.path(1, ".txt").exists()
