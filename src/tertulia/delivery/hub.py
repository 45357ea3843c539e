"""Who is connected to this process."""

from collections.abc import Callable, Iterable, Sequence

from tertulia.core.ids import AccountId, SessionId
from tertulia.delivery.encoder import Connection


class Hub:
    """The signed-in connections by account. An account is online while it has at least one."""

    def __init__(
        self, came: Callable[[AccountId], object], went: Callable[[AccountId], object]
    ) -> None:
        """Nobody is connected.

        Args:
            came: told when an account's first connection is there.
            went: told when an account's last connection is gone.
        """
        self._came = came
        self._went = went
        self._connections: dict[AccountId, list[Connection]] = {}

    def add(self, connection: Connection) -> None:
        """It is signed in now."""
        account_id = connection.reader.account_id
        present = self._connections.get(account_id)
        if present is None:
            self._connections[account_id] = [connection]
            self._came(account_id)
        else:
            present.append(connection)

    def remove(self, connection: Connection) -> None:
        """It is closed or signed out."""
        account_id = connection.reader.account_id
        present = self._connections[account_id]
        present.remove(connection)
        if not present:
            del self._connections[account_id]
            self._went(account_id)

    def of(self, account_id: AccountId) -> Sequence[Connection]:
        """The account's connections."""
        return self._connections.get(account_id, ())

    def is_online(self, account_id: AccountId) -> bool:
        """Whether the account has a connection."""
        return account_id in self._connections

    def online(self) -> Iterable[AccountId]:
        """Every account that has a connection, in no order."""
        return self._connections.keys()

    def is_unheard(self, account_id: AccountId) -> bool:
        """Whether the account has no connection, or one that nobody looks at."""
        present = self._connections.get(account_id)
        return present is None or any(connection.is_inactive for connection in present)

    def sign_out(self, account_id: AccountId, session_ids: Iterable[SessionId]) -> None:
        """These sessions have ended: their connections are nobody's."""
        ended = set(session_ids)
        for connection in tuple(self.of(account_id)):
            if connection.reader.session_id in ended:
                connection.signed_out()
