"""What an account's programs keep about their looks: one dictionary, the same on every device."""

from typing import Protocol

from tertulia.core.model import Actor


class UiSettingsStore(Protocol):
    """The dictionaries at rest."""

    async def of(self, actor: Actor) -> str:
        """A JSON object."""
        ...

    async def replace(self, actor: Actor, settings: str) -> None:
        """Announced as UiSettingsChanged."""
        ...


class UiSettings:
    """What can be done with them."""

    def __init__(self, store: UiSettingsStore) -> None:
        self._store = store

    async def of(self, actor: Actor) -> str:
        """The actor's dictionary, a JSON object; `{}` at first."""
        return await self._store.of(actor)

    async def replace(self, actor: Actor, settings: str) -> None:
        """The whole dictionary anew; every connection of the account hears of it.

        Args:
            actor: whose.
            settings: a JSON object; who calls has seen to it that it is one, and not too large.
        """
        await self._store.replace(actor, settings)
