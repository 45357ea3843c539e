"""What an account's programs keep about their looks."""

from tertulia.core.events import UiSettingsChanged
from tertulia.core.ids import AccountId
from tertulia.core.model import Actor
from tertulia.store.directory import need_alive
from tertulia.store.engine import Engine
from tertulia.store.work import Work, row, run, tell

READ_SETTINGS = "SELECT settings FROM ui_settings WHERE account_id = ?"

KEEP_SETTINGS = """
INSERT INTO ui_settings (account_id, settings) VALUES (?, ?)
ON CONFLICT (account_id) DO UPDATE SET settings = excluded.settings
"""

FORGET_SETTINGS = "DELETE FROM ui_settings WHERE account_id = ?"


class SqlUiSettings:
    """`core.ui_settings.UiSettingsStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def of(self, actor: Actor) -> str:
        """See the port."""
        found = await self._engine.read(row(READ_SETTINGS, actor.account_id))
        return "{}" if found is None else str(found[0])

    async def replace(self, actor: Actor, settings: str) -> None:
        """See the port."""
        await self._engine.write(replace_settings(actor, settings))


def replace_settings(actor: Actor, settings: str) -> Work[None]:
    """The whole dictionary anew."""
    yield from need_alive(actor.account_id)
    yield from run(KEEP_SETTINGS, actor.account_id, settings)
    yield from tell(UiSettingsChanged(actor.account_id, settings))


def forget_settings(account_id: AccountId) -> Work[None]:
    """The account is going: its settings go with it."""
    yield from run(FORGET_SETTINGS, account_id)
