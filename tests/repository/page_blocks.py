"""Runs the Python blocks of one page, one after the other, as if each were a program of its own.

A process for each would import torch some ninety times. Here every block has a fresh module and an
empty working folder; what it prints is kept for the case that it fails.

    python page_blocks.py BLOCKS.json FOLDER     prints a JSON list of failures

BLOCKS.json holds [{"name": ..., "line": ..., "code": ..., "files": {name: text}}, ...].
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import os
import sys
import time
import traceback
import types
from pathlib import Path
from typing import Any


def run_block(block: dict[str, Any], folder: Path) -> str:
    """Run one block in ``folder``; what went wrong, or an empty text."""
    folder.mkdir(parents=True)
    for name, text in block["files"].items():
        (folder / name).write_text(text, encoding="utf-8")
    os.chdir(folder)
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    code = "\n" * (block["line"] - 1) + block["code"]  # so that a traceback shows the page's lines
    linecache.cache[block["name"]] = (len(code), None, code.splitlines(True), block["name"])
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            exec(compile(code, block["name"], "exec"), module.__dict__)
    except BaseException as error:  # SystemExit too: a block has no business leaving
        trace = traceback.format_exception(error)[2:]  # without the lines of this file
        return f"{''.join(trace)}{printed.getvalue()}"
    return ""


def main(blocks: Path, folder: Path) -> None:
    """Run all blocks; failures go to standard output as JSON."""
    failures = []
    for number, block in enumerate(json.loads(blocks.read_text(encoding="utf-8"))):
        start = time.process_time()
        problem = run_block(block, folder.resolve() / f"block{number}")
        seconds = time.process_time() - start
        print(f"{seconds:6.2f} s  {block['name']}:{block['line']}", file=sys.stderr)
        if problem:
            failures.append(f"{block['name']}, the block at line {block['line']}:\n{problem}")
    print(json.dumps(failures))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
