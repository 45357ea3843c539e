"""Sending, editing, deleting, reading messages, and reacting to them."""

from collections.abc import Sequence

from tertulia.core import text
from tertulia.core.chat_ports import MessageStore
from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Draft, ListedMessage, ReadMark, Sent
from tertulia.core.model import Actor, Page
from tertulia.core.pending import Pending
from tertulia.core.ports import Clock

MAX_TEXT = 65_536
"""Code points."""


def check_text(words: str) -> None:
    """Raises: BadInput("text") when it is nothing but white space, or longer than MAX_TEXT."""
    if not words.strip():
        raise BadInput("text", "is empty")
    check_length(words)


def check_length(words: str) -> None:
    """Raises: BadInput("text") when it is longer than MAX_TEXT."""
    if text.is_longer(words, MAX_TEXT):
        raise BadInput("text", "is too long")


class Messages:
    """What can be done with messages."""

    def __init__(self, store: MessageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def send(self, actor: Actor, draft: Draft) -> Pending[Sent]:
        """Store a message at the next place of its chat; its members hear of it.

        It is not a coroutine, so that whoever sends thousands can do without as many tasks.

        A draft that was sent before (`Draft.fingerprint`) within a day is the same message: it is
        returned, and nobody hears of it twice.

        Raises:
            BadInput: there is neither text nor attachment, or the text is too long.
            NotFound: "chat", or "reply" when the message replied to is not there for the actor.
            NotAllowed: the actor is not in the chat, or a block stands between the two.
        """
        if draft.attachments:
            check_length(draft.text)
        else:
            check_text(draft.text)
        return self._store.append(actor, draft, self._clock.now_ms())

    async def edit(self, actor: Actor, message_id: MessageId, words: str) -> None:
        """Write one's message anew.

        Raises:
            BadInput: the text is empty or too long.
            NotFound: "message": there is none that the actor sees.
            NotAllowed: it is somebody else's, or a notice.
        """
        check_text(words)
        await self._store.edit(actor, message_id, words, self._clock.now_ms())

    async def delete(self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId]) -> None:
        """Delete for everybody. Unknown ones are skipped.

        Raises:
            NotFound: "chat".
            NotAllowed: the actor is not in the chat, or one of the messages is not his to delete;
                nothing is deleted then.
        """
        await self._store.delete(actor, chat_id, ids, self._clock.now_ms())

    async def hide(self, actor: Actor, chat_id: ChatId, ids: Sequence[MessageId]) -> None:
        """Delete for oneself. Unknown ones are skipped. Raises: NotFound("chat"), NotAllowed."""
        await self._store.hide(actor, chat_id, ids, self._clock.now_ms())

    async def history(self, actor: Actor, chat_id: ChatId, page: Page) -> list[ListedMessage]:
        """A page of the chat. Raises: NotFound("chat"), NotAllowed."""
        return await self._store.history(actor, chat_id, page)

    async def mark_read(self, actor: Actor, mark: ReadMark) -> None:
        """Say what one has read; authors hear of it once. Raises: NotFound("chat"), NotAllowed."""
        await self._store.mark_read(actor, mark, self._clock.now_ms())

    async def tell_read(self, actor: Actor, mark: ReadMark) -> None:
        """Let authors hear that they were read, and store nothing of it. Raises: as `mark_read`."""
        await self._store.tell_read(actor, mark, self._clock.now_ms())

    async def react(
        self, actor: Actor, message_id: MessageId, add: Sequence[str], remove: Sequence[str]
    ) -> None:
        """Add and take back reactions. Raises: NotFound("message"), TooMuch("reactions")."""
        await self._store.react(actor, message_id, add, remove, self._clock.now_ms())

    async def reactions(
        self, actor: Actor, message_id: MessageId
    ) -> list[tuple[str, list[AccountId]]]:
        """Who reacted with what. Raises: NotFound("message")."""
        return await self._store.reactions(actor, message_id)
