"""Reads the settings of this process: flags, then the environment, then a TOML file.

What is unknown is refused with a suggestion, what makes no sense with what was expected.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tertulia.settings import BY_NAME, PREFIX, SETTINGS, Setting, Settings, SettingsError

CONFIG_VARIABLE = "TERTULIA_CONFIG"

# What was given for a setting, and where.
Given = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """The settings and, for each that was given, where: `flag --port`, `TERTULIA_PORT`, `port in FILE`."""

    settings: Settings
    sources: Mapping[str, str]


def read(
    flags: Mapping[str, str], environ: Mapping[str, str], config: str | None = None
) -> Reading:
    """The settings of this process.

    Args:
        flags: what the command line gave, by setting name.
        environ: the environment. Empty variables count as not given.
        config: the path of a TOML file; without it the one that `TERTULIA_CONFIG` names, if any.

    Raises:
        SettingsError: something is unknown or makes no sense.
    """
    config = config or environ.get(CONFIG_VARIABLE)
    found: dict[str, Given] = {}
    if config:
        found |= _from_file(Path(config))
    found |= _from_environment(environ)
    found |= {name: (f"flag {BY_NAME[name].flag}", text) for name, text in flags.items()}
    values = {name: _value(BY_NAME[name], *given) for name, given in found.items()}
    settings = Settings(**values)
    if settings.pong_timeout <= settings.ping_every:
        raise SettingsError(
            "pong_timeout must be longer than ping_every, or every WebSocket would be closed"
        )
    return Reading(settings, {name: source for name, (source, _) in found.items()})


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the closest of *known*, or nothing when none is close."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _from_file(path: Path) -> dict[str, Given]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is no TOML file: {error}") from error
    for name in table:
        if name not in BY_NAME:
            raise SettingsError(f"unknown setting {name} in {path}{suggestion(name, BY_NAME)}")
    return {name: (f"{name} in {path}", value) for name, value in table.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    known = {setting.variable: setting.name for setting in SETTINGS}
    found: dict[str, Given] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in known:
            hint = suggestion(variable, [*known, CONFIG_VARIABLE])
            raise SettingsError(f"unknown environment variable {variable}{hint}")
        if text:
            found[known[variable]] = (variable, text)
    return found


def _value(setting: Setting, source: str, given: object) -> Any:
    kind = setting.kind
    try:
        return kind.parse(_as_text(given, many=kind.many))
    except ValueError:
        instead = f", not {given!r}" if kind.quotable else ""
        raise SettingsError(f"{source} must be {kind.expected}{instead}") from None


def _as_text(given: object, *, many: bool) -> str:
    """What TOML gave, as it would stand in the environment.

    Raises:
        ValueError: it could not stand there.
    """
    match given:
        case str():
            return given
        case int() | float() if not isinstance(given, bool):
            return str(given)
        case list() if many and all(isinstance(part, str) for part in given):
            return ",".join(given)
        case _:
            raise ValueError
