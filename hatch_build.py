"""Builds the web client into the package while hatchling packs it, whether or not it is editable."""

import os
import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClientHook(BuildHookInterface[Any]):
    """Runs the client's own build; Node comes as a build dependency."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the client, unless it is built already or not wanted."""
        del version, build_data
        if self.target_name != "wheel":
            return
        client = runpy.run_path(str(Path(self.root) / "client" / "node.py"))
        if os.environ.get(client["WITHOUT"]):
            self.app.display_warning(f"{client['WITHOUT']} is set: no web client in this server.")
            return
        try:
            client["build"]()
        except client["BuildError"] as error:
            self.app.abort(str(error))
