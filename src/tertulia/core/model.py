"""The things a messenger is made of, as immutable records. Times (`…_at`) are milliseconds since 1970 UTC.

What is made for every message is a named tuple, everything else a frozen dataclass: the former costs
a third (docs/decisions/0007).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tertulia.core.ids import AccountId, ChatId, FileId, SessionId, TeamId


class ChatKind(StrEnum):
    """DIRECT is between exactly two accounts and exists once per pair; GROUP has any number.

    In a CHANNEL owner and admins write, and everybody may come to read: its members are subscribers,
    perhaps many thousands, so nothing that happens there names them all. A TASK is a group about one
    task of a team.
    """

    DIRECT = "direct"
    GROUP = "group"
    CHANNEL = "channel"
    TASK = "task"


class Role(StrEnum):
    """What a member may do in a group. A direct chat's first member is its OWNER, which gives no rights."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an account or a chat: the file's name for clients, as they gave it.

    `file_id` is that file, if it is one that whoever set the picture could see.
    """

    file_ref: str
    name: str = ""
    blur_hash: str = ""
    file_id: FileId | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A person or bot that can sign in.

    `email` and `phone` are claims: shown and searched, proof of nothing, unless `email_proven` or
    `phone_proven` says that the owner has shown a code that went there; then they open the account, and
    the phone is as `phones.normalised` writes it. `blocked_at`: the operator lets nobody sign in since.
    `bot`: what kind of program it is (`"apibot"`); "" for a person. Nobody signs in as a bot of a team.
    """

    id: AccountId
    login: str
    created_at: int
    updated_at: int
    seen_at: int
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    picture: Picture | None = None
    bot: str = ""
    phone_proven: bool = False
    email_proven: bool = False
    blocked_at: int | None = None
    patronymic: str = ""

    @property
    def display_name(self) -> str:
        """First and last name; the login when neither is set."""
        return f"{self.first_name} {self.last_name}".strip() or self.login


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a registration asks for. An empty string means not given."""

    login: str
    password: str
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What to change in an account; None leaves a field as it is, "" clears it."""

    login: str | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    patronymic: str | None = None
    picture: Picture | None = None
    current_password: str | None = None
    new_password: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of an account on a device, through one dialect.

    `flavour` is the dialect's own remark about the client; the core only keeps it.
    """

    id: SessionId
    account_id: AccountId
    dialect: str
    device: str
    flavour: str


class Actor(NamedTuple):
    """Who acts. `connection` is the socket the request came through, 0 for none: its own events skip it."""

    account_id: AccountId
    session_id: SessionId
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """An account in a chat."""

    account_id: AccountId
    role: Role
    joined_at: int


@dataclass(frozen=True, slots=True)
class Chat:
    """Where messages are posted. `updated_at` is the time of the newest message or change.

    In a direct chat `other_id` is the one who is not the owner. `encrypted`: its members write what the
    server cannot read; two people have such a direct chat beside their plain one. `subscribers`: how many
    are in a channel or in a chat of a team, its owner included; 0 in other chats. `team_id`: whose chat it
    is; None: nobody's. `archived`: it was deleted, and nobody is in it any more.
    """

    id: ChatId
    kind: ChatKind
    owner_id: AccountId
    created_at: int
    updated_at: int
    name: str = ""
    description: str = ""
    picture: Picture | None = None
    other_id: AccountId | None = None
    encrypted: bool = False
    subscribers: int = 0
    team_id: TeamId | None = None
    archived: bool = False


class Keep:
    """Stands for "as it is", where None means "none"."""


KEEP = Keep()


class Versions(NamedTuple):
    """What tells one state of a chat from another, for one of its members; each part grows by itself.

    Attributes:
        number: the chat's; 0: a direct chat that nobody has begun yet.
        changed_at: the time of what was said, edited, deleted or changed there last, for everybody.
        group, task, partner, settings: the number drawn when that was changed last; 0: it never was,
            or there is no such thing.
        marked_at: when the member read there last, or put a message out of his sight; 0: he never did.
    """

    number: int
    changed_at: int
    group: int = 0
    task: int = 0
    partner: int = 0
    settings: int = 0
    marked_at: int = 0


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What the creation of a group or channel asks for. The creator becomes owner and a member."""

    name: str
    members: tuple[AccountId, ...]
    description: str = ""
    picture: Picture | None = None
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class ChatChange:
    """What to change in a chat; None leaves a field as it is. Unknown accounts are skipped."""

    name: str | None = None
    description: str | None = None
    picture: Picture | None = None
    add: tuple[AccountId, ...] = ()
    remove: tuple[AccountId, ...] = ()
    add_admins: tuple[AccountId, ...] = ()
    remove_admins: tuple[AccountId, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: dates exclusive, `limit` at most so many.

    Attributes:
        after: only what changed later than this; the list is then oldest first.
        before: only what is older than this.
        only: nothing but these ids (empty: no such wish).
        posted_after: of messages, only what was posted later than this; oldest first, too.
    """

    limit: int
    after: int | None = None
    before: int | None = None
    only: tuple[int, ...] | None = None
    posted_after: int | None = None


@dataclass(frozen=True, slots=True)
class NewFile:
    """What is to be uploaded. `content_type` is the sender's word for it."""

    name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is known, whether its content has come (`uploaded_at`) or not.

    `width` and `height` are the server's own measure, of pictures only, as they are to be shown.
    """

    id: FileId
    maker_id: AccountId
    name: str
    content_type: str
    size_bytes: int
    created_at: int
    uploaded_at: int | None = None
    width: int | None = None
    height: int | None = None
