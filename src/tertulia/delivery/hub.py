"""Who is connected to this process."""

from collections.abc import Callable, Collection, Iterable, Sequence

from tertulia.core.ids import AccountId, SessionId
from tertulia.delivery.encoder import Connection


class Hub:
    """The signed-in connections by account. An account is online while it has at least one.

    A connection may also be in *rooms*, numbers of things that concern all who are there.
    """

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
        self._rooms: dict[int, dict[Connection, None]] = {}
        self._rooms_of: dict[Connection, set[int]] = {}
        self._watchers: list[Callable[[AccountId], object]] = []

    def add(self, connection: Connection) -> None:
        """It is signed in now."""
        account_id = connection.reader.account_id
        present = self._connections.get(account_id)
        if present is None:
            self._connections[account_id] = [connection]
            self._came(account_id)
            self._tell(account_id)
        else:
            present.append(connection)

    def remove(self, connection: Connection) -> None:
        """It is closed or signed out."""
        account_id = connection.reader.account_id
        present = self._connections[account_id]
        present.remove(connection)
        for room in self._rooms_of.pop(connection, ()):
            self._leave(room, connection)
        if not present:
            del self._connections[account_id]
            self._went(account_id)
            self._tell(account_id)

    def watch(self, watcher: Callable[[AccountId], object]) -> None:
        """*watcher* is told of every account that comes or goes, when it has."""
        self._watchers.append(watcher)

    def _tell(self, account_id: AccountId) -> None:
        for watcher in self._watchers:
            watcher(account_id)

    def of(self, account_id: AccountId) -> Sequence[Connection]:
        """The account's connections."""
        return self._connections.get(account_id, ())

    def join(self, room: int, connection: Connection) -> None:
        """It is in that room from now on, until it parts or is removed."""
        self._rooms.setdefault(room, {})[connection] = None
        self._rooms_of.setdefault(connection, set()).add(room)

    def part(self, room: int, connection: Connection) -> None:
        """It is in that room no more, if it was."""
        rooms = self._rooms_of.get(connection)
        if rooms is not None and room in rooms:
            rooms.remove(room)
            if not rooms:
                del self._rooms_of[connection]
            self._leave(room, connection)

    def _leave(self, room: int, connection: Connection) -> None:
        present = self._rooms[room]
        del present[connection]
        if not present:
            del self._rooms[room]

    def in_room(self, room: int) -> Collection[Connection]:
        """Who is in that room, in the order of coming: copy it before you wait."""
        return self._rooms.get(room, {}).keys()

    def rooms(self) -> Collection[int]:
        """The rooms in which somebody is: copy it before you wait."""
        return self._rooms.keys()

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
