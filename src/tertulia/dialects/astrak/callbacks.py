"""What callbacks are told, and how it is signed (Astrak document, Указание Callback)."""

import hashlib
import hmac
import logging
from collections.abc import Collection, Iterable
from typing import Any

from tertulia.core.callbacks import FAREWELL, KIND, Callback
from tertulia.core.calls import Call, Due
from tertulia.core.events import (
    CallbackReplaced,
    ChatOpened,
    Event,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
)
from tertulia.core.ids import AccountId, HookId
from tertulia.core.services import Services
from tertulia.core.stream import StreamEntry
from tertulia.dialects.astrak.events import say, tell
from tertulia.dialects.astrak.wire import encode

LOG = logging.getLogger(__name__)

WITHIN_S = 5.0

PAUSES_S = (1.0, 5.0, 30.0, 120.0, 600.0, 3_600.0, 21_600.0)
"""Between attempts; then the event is dropped for the callback."""

FAREWELL_PAUSES_S = (1.0, 5.0)

GIVES_UP_S = 24 * 3_600.0
"""Without one success; then the callback is removed."""

CONTENT_TYPE = "application/json; charset=utf-8"


class CallbackErrands:
    """Tells callbacks what happens to their accounts (`core.calls.Errands`)."""

    kind = KIND
    within_s = WITHIN_S
    pauses_s = PAUSES_S
    gives_up_s: float | None = GIVES_UP_S

    def __init__(self, core: Services) -> None:
        self._core = core

    def hooks_of(self, event: Event, accounts: Collection[AccountId]) -> Iterable[HookId]:
        """The callbacks of those who hear of it; one's own doings are for those who asked for them."""
        known = self._core.callbacks.by_account
        if not known:
            return ()
        match event:
            case MessagePosted(message=message):
                doer = message.author_id
            case (
                MessageEdited()
                | MessagesDeleted()
                | MessagesRead()
                | ChatOpened()
                | MembersAdded()
                | MembersRemoved()
            ):
                doer = event.account_id
            case CallbackReplaced():
                doer = AccountId(0)
            case _:
                return ()
        concerned = [known[each] for each in known.keys() & accounts]
        return [each.id for each in concerned if each.own or each.account_id != doer]

    async def open(self) -> None:
        """See the port."""
        await self._core.callbacks.open()

    async def learn(self, hook_id: HookId) -> None:
        """See the port."""
        await self._core.callbacks.learn(hook_id)

    async def pending(self, hook_id: HookId, after: int, limit: int) -> Due | None:
        """What happened to the account after that place; nothing while the operator has blocked it."""
        callback = await self._core.callbacks.find(hook_id)
        if callback is None:
            return None
        accounts = await self._core.accounts.several([callback.account_id])
        if not accounts or accounts[0].blocked_at is not None:
            return Due((), after)
        stream = self._core.stream
        part = await stream.after(callback.account_id, after, limit, own=callback.own)
        said = await tell(part.entries, callback.account_id, self._core.files)
        return Due([call_of(callback, each) for each in said], part.seen)

    async def given_up(self, hook_id: HookId) -> None:
        """The callback is removed."""
        lost = await self._core.callbacks.given_up(hook_id)
        if lost is not None:
            LOG.warning(
                "A callback was not answered for a day and is removed",
                extra={"fields": {"account": lost.account_id, "hook": hook_id}},
            )


class FarewellErrands:
    """Tells a callback that was replaced of that, and nothing more."""

    kind = FAREWELL
    within_s = WITHIN_S
    pauses_s = FAREWELL_PAUSES_S
    gives_up_s: float | None = None

    def __init__(self, core: Services) -> None:
        self._core = core

    def hooks_of(self, event: Event, accounts: Collection[AccountId]) -> Iterable[HookId]:
        """There is nothing to wait for."""
        del event, accounts
        return ()

    async def open(self) -> None:
        """There is nothing to remember."""

    async def learn(self, hook_id: HookId) -> None:
        """There is nothing to remember."""
        del hook_id

    async def pending(self, hook_id: HookId, after: int, limit: int) -> Due | None:
        """The one change; its place in the log is the hook's number. Then the callback is gone."""
        del limit
        callbacks = self._core.callbacks
        callback, change = await callbacks.find(hook_id), await callbacks.change(hook_id)
        if after >= hook_id or callback is None or change is None:
            await callbacks.drop(hook_id)
            return None
        entry = StreamEntry(change.number, change)
        said = say(entry, callback.account_id, self._core.files.links.brief)
        return Due([call_of(callback, said)], hook_id)

    async def given_up(self, hook_id: HookId) -> None:
        """It never gives up: two more attempts, and that is it."""
        await self._core.callbacks.drop(hook_id)


def call_of(callback: Callback, said: dict[str, Any]) -> Call:
    """The call that says it, signed."""
    number = said["event_id"]
    body = encode(said)
    signature = hmac.digest(callback.secret.encode(), body, hashlib.sha256).hex()
    headers = (
        ("Content-Type", CONTENT_TYPE),
        ("X-Astrak-Event-Id", str(number)),
        ("X-Astrak-Signature", f"sha256={signature}"),
    )
    return Call(number, callback.address, headers, body)
