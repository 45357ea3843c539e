"""What a handler returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUCCESS: Mapping[str, Any] = {"success": True}


@dataclass(frozen=True, slots=True)
class Packet:
    """A whole packet of its own instead of a response."""

    content: Any


Answer = Mapping[str, Any] | Packet | None
"""The fields of a response, a packet of its own, or nothing at all."""
