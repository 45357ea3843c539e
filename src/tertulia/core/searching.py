"""Looking for words in all of one's chats, whatever team or API they are of."""

from typing import NamedTuple, Protocol

from tertulia.core import text as texts
from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Message
from tertulia.core.model import Actor, ChatKind
from tertulia.core.ports import Clock

MAX_WORDS = 255
"""Code points; longer texts are not looked for."""

MOST_FOUND = 100
"""Messages of one page."""


class Spot(NamedTuple):
    """Where a search goes on: with what is older than this date, or as old and of a smaller number."""

    sent_at: int
    message_id: MessageId


class FoundMessage(NamedTuple):
    """A message with what was looked for in it."""

    message: Message
    chat_kind: ChatKind


class FoundPage(NamedTuple):
    """Newest first. `rest`: where to go on; None: everything has been looked at.

    A page may be short, or empty, and still have a rest: a search stops after so many messages.
    """

    found: tuple[FoundMessage, ...]
    rest: Spot | None


class SearchStore(Protocol):
    """Messages at rest, to be looked through."""

    async def search(
        self,
        reader: AccountId,
        words: str,
        limit: int,
        start: Spot | None,
        now: int,
        *,
        chat_id: ChatId | None,
    ) -> FoundPage:
        """What the reader sees that has the words in it, without regard to case; in one chat or in all."""
        ...


class Searching:
    """What can be found."""

    def __init__(self, store: SearchStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def messages(
        self,
        actor: Actor,
        words: str,
        limit: int,
        start: Spot | None = None,
        chat_id: ChatId | None = None,
    ) -> FoundPage:
        """Messages in all the actor's chats that have these words in them; encrypted chats are left out.

        Args:
            actor: who looks.
            words: anywhere in the text, also as part of a word, in whatever case.
            limit: 1 to `MOST_FOUND`.
            start: where an earlier page left off.
            chat_id: in this chat only; in one that is not the actor's nothing is found.

        Raises:
            BadInput: "words" are none, or too many.
        """
        wanted = words.strip()
        if not wanted or texts.is_longer(wanted, MAX_WORDS):
            raise BadInput("words", f"must have 1 to {MAX_WORDS} characters")
        return await self._store.search(
            actor.account_id,
            wanted,
            min(max(limit, 1), MOST_FOUND),
            start,
            self._clock.now_ms(),
            chat_id=chat_id,
        )
