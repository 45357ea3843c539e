"""Puts the server together. The only room that knows everybody."""

from tertulia.assembly.files import files_for
from tertulia.assembly.server import EngineOf, Publish, Server, built, engine_for
from tertulia.assembly.serving import Listener, run
from tertulia.assembly.tasks import Spawn

__all__ = [
    "EngineOf",
    "Listener",
    "Publish",
    "Server",
    "Spawn",
    "built",
    "engine_for",
    "files_for",
    "run",
]
