"""Reading chats for who asks and does not listen: page by page, with searches, dates and totals.

A chat is named as its reader names it, by one *number*: of a direct chat the other account's, of any
other its own. Shown are messages that people wrote: no notices, no tasks, and nothing of chats whose
messages the server cannot read.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tertulia.core import text
from tertulia.core.errors import BadInput, NotFound, Unavailable
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Attachment
from tertulia.core.model import Account, Actor, Chat, File

MAX_WORDS = 256
"""Code points of what is searched for."""

MOST_SEARCHES = 32
"""That wait or run at once; each may go through a whole chat."""


class Sieve(NamedTuple):
    """Which messages of a chat: those with *words* in their text, sent from *since* to *until*.

    Times are milliseconds since 1970 UTC, both inclusive; None: no such bound.
    """

    words: str = ""
    since: int | None = None
    until: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether every message passes."""
        return self == Sieve()


class Part(NamedTuple):
    """A page of a list that is ordered by a place, and goes on from one.

    Attributes:
        limit: items at most.
        place: not itself; None: from the beginning.
        back: what stands before that place instead of after it.
    """

    limit: int
    place: int | None = None
    back: bool = False


class Edit(NamedTuple):
    """When a message was written anew, and by whom."""

    account_id: AccountId
    at: int


class Extras(NamedTuple):
    """What is looked up beside each message: who wrote it anew, whether it is read. A query for each."""

    edits: bool = False
    reads: bool = False


NOTHING_ELSE = Extras()


class Kept(NamedTuple):
    """A message as one reader finds it: what is shown here of a `core.message_model.Message`, and what is his.

    Attributes:
        number: what he calls the chat.
        is_read: one's own by anybody else, another's by the reader.
        files: of its attachments, those that the reader may see.
    """

    id: MessageId
    chat_id: ChatId
    author_id: AccountId
    text: str
    sent_at: int
    edited_at: int | None
    attachments: tuple[Attachment, ...]
    flags: int
    number: int
    is_read: bool
    edits: tuple[Edit, ...]
    files: tuple[File, ...]


class Shelf(NamedTuple):
    """A page of messages, newest first. `total`: how many there are on all pages.

    `has_newer`, `has_older`: whether there are any beyond this page.
    """

    items: Sequence[Kept]
    total: int
    has_newer: bool
    has_older: bool


class Listed(NamedTuple):
    """A chat in one's list. `members`: how many are in it. `last`: its newest message, if asked for."""

    number: int
    chat: Chat
    members: int
    unread: int
    last: Kept | None


class Acquaintances(NamedTuple):
    """A page of people, by number."""

    items: Sequence[Account]
    total: int
    has_before: bool
    has_after: bool


class ArchiveStore(Protocol):
    """Messages and chats at rest, as they are read here."""

    async def page(
        self, reader: AccountId, number: int, sieve: Sieve, part: Part, extras: Extras
    ) -> Shelf:
        """Raises: NotFound("chat")."""
        ...

    async def search(
        self, reader: AccountId, number: int, sieve: Sieve, part: Part, extras: Extras
    ) -> Shelf:
        """The same for a sieve that is not open. Raises: NotFound("chat")."""
        ...

    async def message(self, reader: AccountId, message_id: MessageId) -> Kept | None:
        """The message, with all extras, if the reader finds it."""
        ...

    async def chats(self, reader: AccountId, *, with_last: bool) -> list[Listed]:
        """Direct chats with a message in them, and all others; newest activity first."""
        ...

    async def acquaintances(self, reader: AccountId, part: Part) -> Acquaintances:
        """Who shares a direct chat or a team with the reader, or stands in his address book."""
        ...


class Archive:
    """What can be read."""

    def __init__(self, store: ArchiveStore) -> None:
        self._store = store
        self._searches = 0

    async def page(
        self, actor: Actor, number: int, sieve: Sieve, part: Part, extras: Extras = NOTHING_ELSE
    ) -> Shelf:
        """A page of the chat of that number. Places are dates of messages.

        Somebody with whom the actor has no chat yet has an empty one.

        Raises:
            BadInput: "words": more than `MAX_WORDS`.
            NotFound: "chat": nobody and nothing of the actor's has that number.
            Unavailable: "search": too many are under way.
        """
        if text.is_longer(sieve.words, MAX_WORDS):
            raise BadInput("words", f"must be at most {MAX_WORDS} characters")
        me = actor.account_id
        if sieve.is_open:
            return await self._store.page(me, number, sieve, part, extras)
        if self._searches >= MOST_SEARCHES:
            raise Unavailable("search")
        self._searches += 1
        try:
            return await self._store.search(me, number, sieve, part, extras)
        finally:
            self._searches -= 1

    async def message(self, actor: Actor, message_id: MessageId) -> Kept:
        """One message of one of the actor's chats. Raises: NotFound("message")."""
        found = await self._store.message(actor.account_id, message_id)
        if found is None:
            raise NotFound("message")
        return found

    async def chats(self, actor: Actor, *, with_last: bool = False) -> list[Listed]:
        """All the actor's chats, newest activity first."""
        return await self._store.chats(actor.account_id, with_last=with_last)

    async def acquaintances(self, actor: Actor, part: Part) -> Acquaintances:
        """People the actor knows, by number. Places are their numbers."""
        return await self._store.acquaintances(actor.account_id, part)
