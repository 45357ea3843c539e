"""Builds the web client and the descriptions of the APIs into the package while hatchling packs it.

It does so whether or not the package is editable.
"""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClientHook(BuildHookInterface[Any]):
    """Runs the client's own build, for which Node comes as a build dependency, and `apidocs`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Describe the APIs; build the client, unless it is built already or not wanted."""
        del version, build_data
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        path = os.pathsep.join([str(root), str(root / "src")])
        command = [sys.executable, "-m", "apidocs"]
        subprocess.run(command, check=True, cwd=root, env={**os.environ, "PYTHONPATH": path})  # noqa: S603 - our own program
        client = runpy.run_path(str(Path(self.root) / "client" / "node.py"))
        if os.environ.get(client["WITHOUT"]):
            self.app.display_warning(f"{client['WITHOUT']} is set: no web client in this server.")
            return
        try:
            client["build"]()
        except client["BuildError"] as error:
            self.app.abort(str(error))
