"""Callbacks of accounts, and that they were replaced."""

from tertulia.core.callbacks import (
    FAREWELL,
    KIND,
    Callback,
    CallbackChange,
    NewCallback,
)
from tertulia.core.events import CallbackReplaced, HookChanged
from tertulia.core.ids import AccountId, HookId
from tertulia.store import courses
from tertulia.store.directory import need_alive
from tertulia.store.engine import Engine
from tertulia.store.work import Row, Work, draw, row, rows, run, tell

CALLBACK = "k.id, k.account_id, k.address, k.is_deliverable, k.secret, k.own"

OF_ACCOUNT = f"SELECT {CALLBACK} FROM callbacks k WHERE k.account_id = ? AND k.replaced = 0"

ONE = f"""
SELECT {CALLBACK} FROM callbacks k JOIN accounts a ON a.id = k.account_id AND a.deleted_at IS NULL
WHERE k.id = ?
"""

ALL = f"SELECT {CALLBACK} FROM callbacks k WHERE k.replaced = 0"

PRESENT = f"{ALL} AND k.id = ?"

INSERT = """
INSERT INTO callbacks (id, account_id, address, is_deliverable, secret, own) VALUES (?, ?, ?, ?, ?, ?)
"""

SET_OWN = "UPDATE callbacks SET own = ? WHERE id = ?"

REPLACE = "UPDATE callbacks SET id = ?, replaced = 1 WHERE id = ?"

REMOVE = "DELETE FROM callbacks WHERE id = ?"

INSERT_CHANGE = "INSERT INTO callback_changes (id, account_id, old, new, at) VALUES (?, ?, ?, ?, ?)"

CHANGE = "SELECT c.id, c.account_id, c.old, c.new, c.at FROM callback_changes c WHERE c.id = ?"

FORGET = "DELETE FROM callback_changes WHERE id <= ?"


class SqlCallbacks:
    """`core.callbacks.CallbackStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keep(self, account_id: AccountId, new: NewCallback, now: int) -> Callback:
        """See the port."""
        return await self._engine.write(keep(account_id, new, now))

    async def drop(self, account_id: AccountId) -> None:
        """See the port."""
        await self._engine.write(drop(account_id))

    async def drop_one(self, hook_id: HookId) -> None:
        """See the port."""
        await self._engine.write(drop_one(hook_id))

    async def find(self, hook_id: HookId) -> Callback | None:
        """See the port."""
        found = await self._engine.read(row(ONE, hook_id))
        return None if found is None else callback(found)

    async def change(self, number: int) -> CallbackChange | None:
        """See the port."""
        found = await self._engine.read(row(CHANGE, number))
        return None if found is None else CallbackChange(*found)

    async def all(self) -> list[Callback]:
        """See the port."""
        return [callback(each) for each in await self._engine.scan(rows(ALL))]

    async def present(self, hook_id: HookId) -> Callback | None:
        """See the port."""
        found = await self._engine.read(row(PRESENT, hook_id))
        return None if found is None else callback(found)

    async def forget(self, oldest: int) -> None:
        """See the port."""
        await self._engine.write(run(FORGET, oldest))


def keep(account_id: AccountId, new: NewCallback, now: int) -> Work[Callback]:
    """Keep the account's callback; the old one's course becomes that of its farewell."""
    yield from need_alive(account_id)
    found = yield from row(OF_ACCOUNT, account_id)
    old = None if found is None else callback(found)
    if old is not None and old.address == new.address:
        yield from run(SET_OWN, int(new.own), old.id)
        yield from tell(HookChanged(old.id, KIND, anew=False))
        return old._replace(own=new.own)
    # Before that of the change, which is the first thing the new address hears.
    made = Callback(HookId((yield from draw(now))), account_id, *new)
    if old is not None:
        yield from _replace(old, new.address, now)
    yield from run(
        INSERT, made.id, account_id, made.address, int(made.is_deliverable), made.secret,
        int(made.own),
    )  # fmt: skip
    if made.is_deliverable:
        yield from courses.begin(made.id, KIND, made.id)
    return made


def _replace(old: Callback, address: str, now: int) -> Work[None]:
    """Tell the account and the old address, if it can be called."""
    number = yield from draw(now)
    yield from run(INSERT_CHANGE, number, old.account_id, old.address, address, now)
    yield from tell(CallbackReplaced(old.account_id, now))
    yield from courses.end(old.id, KIND)
    if not old.is_deliverable:
        yield from run(REMOVE, old.id)
        return
    last = HookId(number)
    yield from run(REPLACE, last, old.id)
    yield from courses.begin(last, FAREWELL, number - 1)


def drop(account_id: AccountId) -> Work[None]:
    """The account has no callback; what replaced ones are still to hear, they hear."""
    found = yield from row(OF_ACCOUNT, account_id)
    if found is not None:
        yield from drop_one(HookId(found[0]))


def drop_one(hook_id: HookId) -> Work[None]:
    """The callback and its course."""
    yield from courses.end(hook_id, KIND)
    yield from run(REMOVE, hook_id)


def callback(found: Row) -> Callback:
    """From the columns of CALLBACK."""
    hook_id, account_id, address, is_deliverable, secret, own = found
    return Callback(
        HookId(hook_id), AccountId(account_id), address, bool(is_deliverable), secret, bool(own)
    )
