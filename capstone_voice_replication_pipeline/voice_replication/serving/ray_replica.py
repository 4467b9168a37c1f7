"""What runs on every replica of the Ray engine: the models, and lines that come from elsewhere.

A replica may be on another machine. So a line travels with all that it needs: its voice by value,
and what fine-tuning changed as an object that a replica fetches once, if it does not see the file.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from env_utils import VoiceReplicationError, atomic_write_bytes

from voice_replication.narration.text_to_speech import KEPT_DELTAS, Speaker
from voice_replication.serving.engine import LineRequest, LocalEngine, RenderedLine
from voice_replication.voice_files import DELTA
from voice_replication.voices import VoiceStore


@dataclass(frozen=True)
class ShippedDelta:
    """The file with a voice's fine-tuned weights as it was when it was sent.

    ``content`` is a reference that the replica's ``fetch`` turns into bytes.
    """

    path: Path
    size: int
    modified_ns: int
    content: Any


@dataclass(frozen=True, eq=False)
class ShippedLine:
    """A line on its way to a replica; its voice's ``delta`` is beside it."""

    request: LineRequest
    delta: ShippedDelta | None = None


class Replica:
    """Renders shipped lines. ``fetch`` gets the bytes of a delta's ``content``."""

    def __init__(
        self, models_dir: Path | None, max_batch: int, fetch: Callable[[Any], bytes]
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="voiceclone-replica-")
        self._copies: OrderedDict[tuple[Path, int], Path] = OrderedDict()
        self._fetch = fetch
        store = VoiceStore(Path(self._folder.name) / "home")
        self._engine = LocalEngine(Speaker(models_dir, store), max_batch)

    def render(self, lines: Sequence[ShippedLine]) -> list[RenderedLine | VoiceReplicationError]:
        """Each line, or the error that it alone is to blame for: a batch holds several people's."""
        results: list[RenderedLine | VoiceReplicationError] = []
        try:
            results += self._engine.render([self._unpacked(line) for line in lines])
        except VoiceReplicationError as error:
            if len(lines) == 1:
                return [error]
            return [result for line in lines for result in self.render([line])]
        return results

    def process_id(self) -> int:
        """The process that the models are in."""
        return os.getpid()

    def _unpacked(self, line: ShippedLine) -> LineRequest:
        """The request with its delta on this machine, and with arrays that may be written to."""
        request = line.request
        if request.begun is not None:
            request = replace(request, begun=copy.deepcopy(request.begun))
        if line.delta is None:
            return request
        return replace(request, voice=replace(request.voice, delta=self._local(line.delta)))

    def _local(self, delta: ShippedDelta) -> Path:
        """``delta`` as a file here: the sender's own, if it can be seen, or a copy."""
        try:
            seen = delta.path.stat()
            if (seen.st_size, seen.st_mtime_ns) == (delta.size, delta.modified_ns):
                return delta.path
        except OSError:
            pass
        key = (delta.path, delta.modified_ns)
        if key not in self._copies:
            folder = Path(tempfile.mkdtemp(dir=self._folder.name))
            atomic_write_bytes(folder / DELTA, self._fetch(delta.content))
            self._copies[key] = folder / DELTA
        self._copies.move_to_end(key)
        while len(self._copies) > KEPT_DELTAS:
            self._copies.popitem(last=False)[1].unlink()
        return self._copies[key]
