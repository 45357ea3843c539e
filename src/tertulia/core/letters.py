"""Writing to whoever a number names, and writing anew with other attachments.

Numbers are as in `core.archive`: of a direct chat the other account's, of any other chat its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from tertulia.core.errors import BadInput, NotAllowed, NotFound
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Attachment, Draft, Message
from tertulia.core.messages import Messages, check_length, check_text
from tertulia.core.model import Actor
from tertulia.core.ports import Clock

MOST_ATTACHMENTS = 10
"""Of a message that is written here."""


class Destination(NamedTuple):
    """What a number names for who writes: a chat he is in, else somebody to begin one with.

    `is_deserted`: it is a direct chat, and the other's account is no more.
    """

    chat_id: ChatId | None = None
    account_id: AccountId | None = None
    is_deserted: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """What to change in a message; None leaves the text as it is.

    Attributes:
        number: the chat it must stand in, as the actor calls it; None: wherever it stands.
        drop: attachments to take away, by their marks.
        rename: attachments' new titles, by their marks.
        add: attachments that come behind the others.
    """

    text: str | None = None
    number: int | None = None
    drop: frozenset[int] = frozenset()
    rename: dict[int, str] = field(default_factory=dict)
    add: tuple[Attachment, ...] = ()


class LetterStore(Protocol):
    """Where a message can go, and how it is changed, at rest."""

    async def destination(self, account_id: AccountId, number: int) -> Destination:
        """What the number names for that account."""
        ...

    async def begin(self, actor: Actor, other: AccountId, draft: Draft, now: int) -> Message:
        """The message as the first one of a direct chat, which is made or brought back.

        Raises: NotFound("account"), and as `Messages.send`; then there is no chat either.
        """
        ...

    async def earlier(self, actor: Actor, draft: Draft, now: int) -> Message | None:
        """What a draft that is known by its `client_ref` alone has become already."""
        ...

    async def revise(
        self, actor: Actor, message_id: MessageId, revision: Revision, now: int
    ) -> None:
        """Raises: NotFound, NotAllowed("edit"), BadInput."""
        ...


class Letters:
    """What can be written."""

    def __init__(self, store: LetterStore, messages: Messages, clock: Clock) -> None:
        self._store = store
        self._messages = messages
        self._clock = clock

    async def destination(self, actor: Actor, number: int) -> Destination:
        """Where a message to that number goes.

        Raises:
            NotAllowed: it is the actor's own.
            NotFound: "chat": nobody and nothing of the actor's has that number.
        """
        if number == actor.account_id:
            raise NotAllowed("write to oneself")
        found = await self._store.destination(actor.account_id, number)
        if found == Destination():
            raise NotFound("chat")
        return found

    async def earlier(self, actor: Actor, draft: Draft) -> Message | None:
        """What this draft became when it was sent before, if it was, within a day."""
        return await self._store.earlier(actor, draft, self._clock.now_ms())

    async def send(self, actor: Actor, to: Destination, draft: Draft) -> Message:
        """The message in its chat, which begins with it if need be; `draft.chat_id` does not count.

        Raises:
            BadInput: "text": there is neither text nor attachment, or it is too long; or
                "attachments": too many.
            NotFound: "chat", "file", or "account": whom one would write to is gone.
            NotAllowed: the actor may not write there, or a block stands between the two.
        """
        if to.is_deserted:
            raise NotFound("account")
        if len(draft.attachments) > MOST_ATTACHMENTS:
            raise BadInput("attachments", f"must be at most {MOST_ATTACHMENTS}")
        self.check(draft.text, has_attachments=bool(draft.attachments))
        if draft.attachments and not draft.text.strip():
            draft = draft._replace(text="")
        files = [each.file_id for each in draft.attachments]
        if len(set(files)) < len(files):
            raise BadInput("attachments", "have one file twice")
        if to.chat_id is not None:
            sent = await self._messages.send(actor, draft._replace(chat_id=to.chat_id))
            return sent.message
        assert to.account_id is not None, "a destination is one or the other"
        return await self._store.begin(actor, to.account_id, draft, self._clock.now_ms())

    @staticmethod
    def check(words: str, *, has_attachments: bool) -> None:
        """Raises: BadInput("text"): it is too long, or missing although there are no attachments."""
        if has_attachments:
            check_length(words)
        else:
            check_text(words)

    async def revise(self, actor: Actor, message_id: MessageId, revision: Revision) -> None:
        """Write one's message anew: other words, other attachments, or both, in one go.

        Raises:
            BadInput: "text": too long, or neither text nor attachment would be left; "attachments":
                too many, one twice, or one that is not the message's.
            NotFound: "message": there is none that the actor sees; "chat": it stands in another;
                "file".
            NotAllowed: "edit": it is somebody else's, or a notice, or its words are encrypted.
        """
        if revision.text is not None:
            check_length(revision.text)
        await self._store.revise(actor, message_id, revision, self._clock.now_ms())


def marks(attachments: Sequence[Attachment]) -> list[int]:
    """What each attachment of a message is called: its file's number, or else its place, from 1.

    Both are unlike each other: no file has a number as small as a place.
    """
    return [
        place if each.file_id is None else each.file_id for place, each in enumerate(attachments, 1)
    ]


def revised(attachments: Sequence[Attachment], revision: Revision) -> tuple[Attachment, ...]:
    """What a message has after a revision. Raises: BadInput("attachments")."""
    named = dict(zip(marks(attachments), attachments, strict=True))
    for mark in (*revision.drop, *revision.rename):
        if mark not in named:
            raise BadInput("attachments", "name one that the message does not have")
    kept = [
        replace(each, title=revision.rename.get(mark, each.title))
        for mark, each in named.items()
        if mark not in revision.drop
    ]
    whole = (*kept, *revision.add)
    if len(whole) > max(MOST_ATTACHMENTS, len(attachments)):
        raise BadInput("attachments", f"must be at most {MOST_ATTACHMENTS}")
    files = [each.file_id for each in whole if each.file_id is not None]
    if len(set(files)) < len(files):
        raise BadInput("attachments", "have one file twice")
    return whole
