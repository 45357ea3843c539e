"""Long polls (Astrak document, Получение событий с помощью Long Polling).

A poll is answered with what happened after its token's position. The position moves on when the
answer has been written to the connection; with `offset` the client says itself what it has dealt with.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from tertulia.core.errors import TertuliaError
from tertulia.core.ids import COUNTER_BITS, AccountId, SessionId
from tertulia.core.model import Session
from tertulia.core.stream import StreamPart
from tertulia.delivery.polling import Ending
from tertulia.dialects.astrak.desk import JSON, OPEN_TO_ALL, AstrakDesk
from tertulia.dialects.astrak.errors import DONE, NO_TOKEN, Failure, explain
from tertulia.dialects.astrak.events import Said, tell
from tertulia.dialects.astrak.wire import encode
from tertulia.web.held import Held

Headers = Sequence[tuple[bytes, bytes]]

KEPT_UP = 600_000 << COUNTER_BITS
"""How far in the log, ten minutes in numbers, a position falls behind before it is moved without an event."""

CORS = tuple((name.encode(), value.encode()) for name, value in OPEN_TO_ALL.items())
AS_JSON = ((b"content-type", JSON.encode()), *CORS)


class Wish(NamedTuple):
    """What a poll asks for.

    Attributes:
        offset: the last event that the client has dealt with; None: it does not say.
        limit: events in one answer; None: one, in the document's own form.
        timeout_s: how long to wait for the first.
        own: one's own doings, too.
    """

    offset: int | None
    limit: int | None
    timeout_s: float
    own: bool


class WaitingPoll:
    """One poll, from its request to its answer (`delivery.polling.Poll`, `web.held.Waiter`)."""

    __slots__ = (
        "_desk", "_held", "_is_torn", "_position", "_session_id", "_timer", "_wish", "account_id",
    )  # fmt: skip

    def __init__(self, desk: AstrakDesk, session: Session, wish: Wish) -> None:
        self._desk = desk
        self.account_id: AccountId = session.account_id
        self._session_id = session.id
        self._wish = wish
        self._position = -1
        # Whether something it asked for is not kept any more: found at its first look, told at its end.
        self._is_torn = False
        self._held: Held | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def session_id(self) -> SessionId:
        """Whose position moves."""
        return self._session_id

    @property
    def own(self) -> bool:
        """Whether one's own doings count."""
        return self._wish.own

    def begin(self, held: Held) -> None:
        """The exchange is ours: wait."""
        self._held = held
        self._desk.polls.begin(self)

    # Looking.

    async def look(self) -> None:
        """Read what there is, and answer with it. See `delivery.polling.Poll`."""
        try:
            part = await self._read()
            entries = () if part is None else part.entries
            said = await tell(entries, self.account_id, self._desk.core.files)
        except TertuliaError as error:
            self._fail(explain(error))
            return
        if self._held is None or part is None:
            return
        self._is_torn = self._is_torn or part.is_torn
        if said:
            await self._answer_with(said)
            return
        before, self._position = self._position, part.seen
        if self._timer is None:
            self._wait()
        if self._wish.offset is None and part.seen - before > KEPT_UP:
            # So that no poll has to look through again what was nothing to its account.
            await self._desk.core.positions.put(self._session_id, part.seen)

    async def _read(self) -> StreamPart | None:
        core = self._desk.core
        if self._position < 0:
            found = await core.positions.find(self._session_id)
            if found is None:
                # It ended before we began to listen.
                self._fail(NO_TOKEN)
                return None
            self._position = found
            if self._wish.offset is not None:
                self._position = await core.stream.place(self._wish.offset)
                if self._position != found:
                    await core.positions.put(self._session_id, self._position)
        if self._held is None:
            return None
        return await core.stream.after(
            self.account_id, self._position, self._wish.limit or 1, own=self._wish.own
        )

    def _wait(self) -> None:
        if self._wish.timeout_s <= 0:
            self._nothing()
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._wish.timeout_s, self._nothing)

    # Answers.

    async def _answer_with(self, said: list[Said]) -> None:
        last = said[-1]["event_id"]
        answer: dict[str, Any] = {"code": DONE}
        if self._wish.limit is None:
            answer |= said[0]
        else:
            answer |= {"response": said, "offset": last}
        was_written = self._answer(HTTPStatus.OK, AS_JSON, self._encoded(answer))
        if was_written and self._wish.offset is None:
            await self._desk.core.positions.put(self._session_id, last)

    def _nothing(self) -> None:
        """Nothing has happened in time, or the poll is over for another reason that is no failure."""
        if self._wish.limit is None:
            self._answer(HTTPStatus.NO_CONTENT, CORS, b"")
        else:
            answer = {"code": DONE, "response": [], "offset": max(self._position, 0)}
            self._answer(HTTPStatus.OK, AS_JSON, self._encoded(answer))

    def _encoded(self, answer: dict[str, Any]) -> bytes:
        return encode(answer | {"gap": True} if self._is_torn else answer)

    def _fail(self, failure: Failure) -> None:
        answer = {"code": failure.code, "response": failure.sentence}
        self._answer(failure.status, AS_JSON, encode(answer))

    def _answer(self, status: HTTPStatus, headers: Headers, body: bytes) -> bool:
        held = self._over()
        return held is not None and held.answer(status, headers, body)

    def _over(self) -> Held | None:
        held, self._held = self._held, None
        self._desk.polls.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return held

    # What ends it from outside.

    def end(self, why: Ending) -> None:
        """See `delivery.polling.Poll`."""
        if why is Ending.REVOKED:
            self._fail(NO_TOKEN)
        else:
            self._answer(HTTPStatus.NO_CONTENT, CORS, b"")

    def gone(self) -> None:
        """The client has hung up: whatever happens is for its next poll."""
        self._over()

    def stop(self) -> None:
        """The server stops."""
        self.end(Ending.STOPPED)
