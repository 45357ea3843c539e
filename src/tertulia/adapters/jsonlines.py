"""A file of JSON lines, for whoever would rather read messages than send them."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path


class JsonLines:
    """Appends to a file, which several processes may share; nobody but the server may read it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def append(self, record: Mapping[str, str]) -> None:
        """One line more. Raises: OSError."""
        line = json.dumps(record, ensure_ascii=False) + "\n"
        await asyncio.to_thread(self._append, line.encode())

    def _append(self, line: bytes) -> None:
        # In one call, so that lines of several processes do not mix; codes are nobody else's to read.
        target = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(target, line)
        finally:
            os.close(target)
