"""What an operator may set: one frozen record.

Each setting is one line of `Settings`: its name, type, default, group and help. The flag, the
environment variable, the TOML key, the check and the mask all come from that line. `cli` reads
the values (`cli/reading.py`); `docs/configuration.md` explains them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tertulia.core.admission import Registration

T = TypeVar("T")
S = TypeVar("S", bound=StrEnum)
Network = IPv4Network | IPv6Network

PREFIX = "TERTULIA_"
MASK = "****"
HIDDEN_IN_QUERY = r"(?i)([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&#]*"
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
HIGHEST_PORT = 65_535


class SettingsError(Exception):
    """The server cannot start as it is set up; the text is one sentence for the operator."""


class LogLevel(StrEnum):
    """What is worth a line in the log: this and everything more serious."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """AUTO is TEXT on a terminal and JSON otherwise."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class Group(StrEnum):
    """Settings that are shown together, in this order."""

    SERVER = "Server"
    STORE = "Store, bus and files"
    OUTSIDE = "Calls to the outside"
    LIMITS = "Limits"
    SAMA = "SAMA"
    ASTRAK = "Astrak"


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How values of one kind are read and shown.

    Attributes:
        word: stands for the value in the help text.
        expected: completes "must be …".
        parse: text to value; raises ValueError.
        show: value to text, secrets masked; `parse` reads it again if there are none.
        quotable: whether an error may repeat what was given.
        many: whether a TOML array of strings may stand for a comma-separated text.
    """

    word: str
    expected: str
    parse: Callable[[str], T]
    show: Callable[[T], str] = str
    quotable: bool = True
    many: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as its line in `Settings` describes it."""

    name: str
    kind: Kind[Any]
    group: Group
    help: str
    default: str

    @property
    def flag(self) -> str:
        """`--database-url`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """`TERTULIA_DATABASE_URL`."""
        return PREFIX + self.name.upper()


def mask_url(url: str) -> str:
    """The address without its password, its token, and whatever looks like one in the query."""
    head, userinfo, tail = _around_userinfo(url)
    user, colon, _ = userinfo.partition(":")
    if colon:
        userinfo = f"{user}:{MASK}"
    elif head in ("nats://", "tls://") and userinfo:
        # A name without a password is a token there.
        userinfo = MASK
    return head + userinfo + re.sub(HIDDEN_IN_QUERY, rf"\1{MASK}", tail)


def local_path(url: str) -> Path:
    """The path in `file:///PATH` or `sqlite:///PATH`. It is absolute; a fourth slash does no harm."""
    return Path("/" + unquote(urlsplit(url).path).lstrip("/"))


def _around_userinfo(url: str) -> tuple[str, str, str]:
    scheme, separator, rest = url.partition("://")
    end = min((found for sign in "/?#" if (found := rest.find(sign)) >= 0), default=len(rest))
    userinfo, at, host = rest[:end].rpartition("@")
    return scheme + separator, userinfo, at + host + rest[end:]


def _text(text: str) -> str:
    if not text.isprintable():
        raise ValueError
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[\w.:%-]+", text):
        raise ValueError
    return text


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError
    return Path(text)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _text(text).split(",") if part.strip())


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part, strict=False) for part in _parts(text))


def _origins(text: str) -> tuple[str, ...]:
    origins = _parts(text)
    if not all(re.fullmatch(r"https?://[^\s/?#@]+", origin) for origin in origins):
        raise ValueError
    return origins


def _codes(text: str) -> tuple[tuple[str, str], ...]:
    parts = _parts(text)
    if not all(re.fullmatch(r"(?a)\+\d{3,15}:\d{1,12}", part) for part in parts):
        raise ValueError
    return tuple((number, code) for number, code in (part.split(":") for part in parts))


def _size(text: str) -> int:
    match = re.fullmatch(r"(?ai)(\d{1,15}) ?(B|KiB|MiB|GiB)?", text)
    if match is None or not int(match[1]):
        raise ValueError
    return int(match[1]) * {"kib": KIB, "mib": MIB, "gib": GIB}.get((match[2] or "").lower(), 1)


def _show_size(size: int) -> str:
    for unit, word in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size % unit == 0:
            return f"{size // unit}{word}"
    return str(size)


def _show_seconds(seconds: float) -> str:
    return str(seconds).removesuffix(".0")


def _whole(low: int, high: int) -> Kind[int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"(?a)\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return Kind("N", f"a whole number from {low} to {high}", parse)


def _seconds(low: float, high: float) -> Kind[float]:
    def parse(text: str) -> float:
        if not re.fullmatch(r"(?a)\d{1,9}(\.\d{1,9})?", text) or not low <= float(text) <= high:
            raise ValueError
        return float(text)

    expected = f"a number of seconds from {_show_seconds(low)} to {_show_seconds(high)}"
    return Kind("SECONDS", expected, parse, _show_seconds)


def _one_of(words: type[S]) -> Kind[S]:
    expected = f"one of {', '.join(words)}"
    return Kind("|".join(words), expected, lambda text: words(text.lower()))


def _url(*forms: str) -> Kind[str]:
    """An address in one of *forms*, or nothing.

    `HOST` in a form asks for a host, `:///PATH` for a path and no host; `…` stands for anything.
    """

    def fits(url: str, form: str) -> bool:
        scheme, _, rest = form.partition(":")
        parts = urlsplit(url)
        if parts.scheme != scheme:
            return False
        if rest.startswith("///PATH"):
            return not parts.netloc and len(parts.path) > 1
        if rest.startswith("//HOST"):
            return bool(parts.hostname) and parts.port != 0
        return (url == form) if not rest else len(url) > len(scheme) + len("://")

    def parse(url: str) -> str:
        if url and (
            " " in url or not url.isprintable() or not any(fits(url, form) for form in forms)
        ):
            raise ValueError
        return url

    return Kind("URL", " or ".join(forms), parse, mask_url, quotable=False)


def _database() -> Kind[str]:
    """The address of a store. What the driver would stumble over is refused, and none of it repeated."""
    plain = _url("sqlite:///PATH", "postgresql://…")

    def parse(url: str) -> str:
        parts = urlsplit(plain.parse(url))
        if parts.scheme == "postgresql":
            # The driver lets the first @ end the password, and hosts may be several.
            hosts = parts.netloc[parts.netloc.find("@") + 1 :]
            for each in hosts.split(",") if hosts else ():
                site = re.fullmatch(r"(?a)(?:\[[^\]]+\]|[^][:@]+)(?::(\d{1,5}))?", each)
                if site is None or int(site[1] or 0) > HIGHEST_PORT:
                    raise ValueError
            told = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
            if not re.fullmatch(r"(?a)(\d{1,5}(,|$))*", told.get("port", [""])[-1]):
                raise ValueError
        return url

    signs = "in a user's name or password @ : / ? # are written %40 %3A %2F %3F %23"
    return replace(plain, parse=parse, expected=f"{plain.expected}; {signs}")


# fmt: off
SECRET = Kind("TEXT", "printable text on one line", _text, lambda text: MASK if text else "", quotable=False)
HOST = Kind("HOST", "a host name or an address", _host)
PORT = _whole(0, HIGHEST_PORT)
FOLDER = Kind("DIR", "the path of a folder", _path)
LIST = Kind("A,B,…", "a comma-separated list", _parts, ",".join, many=True)
ORIGINS = Kind("ORIGIN,…", "origins like https://chat.example.org, separated by commas", _origins, ",".join, many=True)
NETWORKS = Kind("NETWORK,…", "networks like 10.0.0.0/8 or ::1/128, separated by commas", _networks, lambda networks: ",".join(map(str, networks)), many=True)
CODES = Kind("NUMBER:CODE,…", "numbers with codes like +79166660002:5555, separated by commas", _codes, lambda codes: ",".join(f"{number}:{MASK}" for number, _ in codes), quotable=False, many=True)
SIZE = Kind("SIZE", "a size in bytes above 0, like 65536, 512KiB or 1MiB", _size, _show_size)
COUNT = _whole(1, 1_000_000)
TIME = _seconds(0.1, 86400)
# fmt: on


def _setting(default: T, kind: Kind[T], group: Group, text: str) -> T:
    """A field of `Settings` that carries its own description."""
    metadata = {"kind": kind, "group": group, "help": text}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything an operator may set. `docs/configuration.md` says it at length.

    `database_url` and `files_url` are never empty: without a value they lie in the folder `data`.
    Times are in seconds, sizes in bytes.
    """

    # fmt: off
    host: str = _setting("127.0.0.1", HOST, Group.SERVER, "address to listen on")
    port: int = _setting(8000, PORT, Group.SERVER, "port to listen on; 0 picks a free one")
    registration: Registration = _setting(Registration.OPEN, _one_of(Registration), Group.SERVER, "who may sign up: anybody, who has an invite (`tertulia invite`), or nobody")
    public_url: str = _setting("", _url("http://HOST…", "https://HOST…"), Group.SERVER, "base of every absolute link handed out; empty: http://HOST:PORT")
    trusted_proxies: tuple[Network, ...] = _setting((), NETWORKS, Group.SERVER, "networks whose X-Forwarded-… headers are believed")
    log_level: LogLevel = _setting(LogLevel.INFO, _one_of(LogLevel), Group.SERVER, "least serious line that is logged")
    log_format: LogFormat = _setting(LogFormat.AUTO, _one_of(LogFormat), Group.SERVER, "form of the log; auto: text on a terminal, otherwise JSON")

    data: Path = _setting(Path("tertulia-data"), FOLDER, Group.STORE, "folder of everything the server keeps")
    database_url: str = _setting("", _database(), Group.STORE, "the store; empty: tertulia.db in the data folder")
    bus_url: str = _setting("", _url("nats://…", "tls://…"), Group.STORE, "joins several processes into one server; empty: this is the only one")
    files_url: str = _setting("", _url("file:///PATH", "s3://BUCKET?endpoint_url=…"), Group.STORE, "where uploads lie; empty: the folder files in the data folder")

    sms_url: str = _setting("console:", _url("console:", "file:///PATH", "http://HOST…", "https://HOST…"), Group.OUTSIDE, "how codes go out by SMS; console: writes them to the log")
    sms_test_numbers: tuple[tuple[str, str], ...] = _setting((), CODES, Group.OUTSIDE, "numbers that always get that code and no message")
    email_url: str = _setting("console:", _url("console:", "file:///PATH", "smtp://HOST…", "smtps://HOST…"), Group.OUTSIDE, "how mail goes out; console: writes it to the log")
    push_url: str = _setting("", _url("http://HOST…", "https://HOST…"), Group.OUTSIDE, "where pushes for iOS and Android are posted; empty: they are dropped")
    vapid_key: str = _setting("", SECRET, Group.OUTSIDE, "private key of web push, 32 bytes in URL-safe base64; empty: the server makes its own")
    callback_allow: tuple[Network, ...] = _setting((), NETWORKS, Group.OUTSIDE, "networks the server may call although they are not public")

    max_request_line: int = _setting(8 * KIB, SIZE, Group.LIMITS, "longest HTTP request line")
    max_header_block: int = _setting(32 * KIB, SIZE, Group.LIMITS, "largest block of HTTP headers")
    max_body: int = _setting(MIB, SIZE, Group.LIMITS, "largest JSON or form body")
    max_upload: int = _setting(100 * MIB, SIZE, Group.LIMITS, "largest upload")
    max_packet: int = _setting(MIB, SIZE, Group.LIMITS, "largest WebSocket message")
    max_json_depth: int = _setting(64, _whole(1, 500), Group.LIMITS, "deepest nesting of JSON")
    max_json_keys: int = _setting(1000, COUNT, Group.LIMITS, "most keys of one JSON object")
    max_json_items: int = _setting(10_000, COUNT, Group.LIMITS, "most items of one JSON array")
    first_byte_timeout: float = _setting(10.0, TIME, Group.LIMITS, "longest silence before the first byte of a connection")
    head_timeout: float = _setting(10.0, TIME, Group.LIMITS, "longest silence inside a request's head")
    body_timeout: float = _setting(30.0, TIME, Group.LIMITS, "longest silence inside a request's body")
    unsigned_socket_timeout: float = _setting(600.0, TIME, Group.LIMITS, "how long a WebSocket may stay without sign-in")
    unsigned_sockets_per_address: int = _setting(100, COUNT, Group.LIMITS, "most WebSockets without sign-in from one address")
    max_waiting_bytes: int = _setting(MIB, SIZE, Group.LIMITS, "most output that may wait for one slow reader")
    max_waiting_packets: int = _setting(1024, COUNT, Group.LIMITS, "most packets that may wait for one slow reader")
    ping_every: float = _setting(20.0, TIME, Group.LIMITS, "pause between WebSocket pings")
    pong_timeout: float = _setting(60.0, TIME, Group.LIMITS, "how long a WebSocket may leave pings unanswered")

    sama_organizations: tuple[str, ...] = _setting((), LIST, Group.SAMA, "organization ids that are accepted beside default")
    sama_origins: tuple[str, ...] = _setting((), ORIGINS, Group.SAMA, "foreign origins whose pages may call /login and /logout")
    sama_max_participants: int = _setting(50, _whole(2, 100_000), Group.SAMA, "most participants of a group")
    sama_admin_key: str = _setting("", SECRET, Group.SAMA, "key of the administration routes; empty: there are none")

    callback_changes: int = _setting(30, COUNT, Group.ASTRAK, "most changes of a callback address a minute by one account")
    poll_timeout: float = _setting(25.0, _seconds(0, 50), Group.ASTRAK, "how long a poll waits for something to happen")
    # fmt: on

    def __post_init__(self) -> None:
        """Settle what follows from other settings."""
        # SAFE: the record is not handed out yet, so nobody sees it change.
        data = self.data.absolute()
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite://{quote(str(data / 'tertulia.db'))}")
        if not self.files_url:
            object.__setattr__(self, "files_url", f"file://{quote(str(data / 'files'))}")

    # typing.override comes with Python 3.12.
    def __repr__(self) -> str:  # type: ignore[explicit-override]
        shown = ", ".join(f"{setting.name}={self.shown(setting)!r}" for setting in SETTINGS)
        return f"Settings({shown})"

    def shown(self, setting: Setting) -> str:
        """The value as text for a person, secrets masked."""
        return setting.kind.show(getattr(self, setting.name))

    def base_url(self, port: int) -> str:
        """The base of absolute links, without a slash at its end, on a server that listens on *port*."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{port}"


SETTINGS = tuple(
    Setting(name=own.name, default=own.metadata["kind"].show(own.default), **own.metadata)
    for own in fields(Settings)
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
