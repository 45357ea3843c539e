"""Who is connected: the connections of this process, and which accounts have one elsewhere."""

from collections.abc import Callable, Collection, Iterable, Sequence

from tertulia.core.ids import AccountId, SessionId
from tertulia.delivery.encoder import Connection

ACTIVE, INACTIVE, MOBILE = 1, 2, 4
"""How an account is connected: somebody looks at a connection, nobody looks at one, one is carried about.

Flags; any number of them may be there at once. None: the account is not online.
"""


def _nobody_asked(account_id: AccountId) -> None:
    del account_id


class Hub:
    """The signed-in connections by account. An account is online while it has at least one.

    A connection may also be in *rooms*, numbers of things that concern all who are there.

    Connections and rooms are of this process. Where several processes act as one, `is_elsewhere`
    says who has connections to another, and those count for whether and how somebody is online.
    """

    def __init__(
        self,
        came: Callable[[AccountId], object],
        went: Callable[[AccountId], object],
        went_elsewhere: Callable[[AccountId], object] = _nobody_asked,
    ) -> None:
        """Nobody is connected.

        Args:
            came: told when an account's first connection is there, wherever it is.
            went: told when an account's last connection is gone, if it was here, or may have been,
                or if its process has died with it.
            went_elsewhere: told when an account's last connection is gone, and that another process
                was told that it went.
        """
        self._came = came
        self._went = went
        self._went_elsewhere = went_elsewhere
        self._connections: dict[AccountId, list[Connection]] = {}
        self._elsewhere: dict[AccountId, int] = {}
        # Who was here, and is elsewhere since: if he left there at the same moment, each took the other
        # for the last.
        self._left: set[AccountId] = set()
        self._changed: Callable[[AccountId], object] | None = None
        self._rooms: dict[int, dict[Connection, None]] = {}
        self._rooms_of: dict[Connection, set[int]] = {}
        self._watchers: list[Callable[[AccountId], object]] = []

    def add(self, connection: Connection) -> None:
        """It is signed in now."""
        account_id = connection.reader.account_id
        present = self._connections.get(account_id)
        if present is not None:
            present.append(connection)
        else:
            self._connections[account_id] = [connection]
            if account_id in self._elsewhere:
                self._left.discard(account_id)
            else:
                self._came(account_id)
                self._tell(account_id)
        if self._changed is not None:
            self._changed(account_id)

    def remove(self, connection: Connection) -> None:
        """It is closed or signed out."""
        account_id = connection.reader.account_id
        present = self._connections[account_id]
        present.remove(connection)
        for room in self._rooms_of.pop(connection, ()):
            self._leave(room, connection)
        if not present:
            del self._connections[account_id]
            if account_id in self._elsewhere:
                self._left.add(account_id)
            else:
                self._went(account_id)
                self._tell(account_id)
        if self._changed is not None:
            self._changed(account_id)

    def turned(self, connection: Connection) -> None:
        """Somebody looks at it again, or nobody does any more: it says so already."""
        account_id = connection.reader.account_id
        self._tell(account_id)
        if self._changed is not None:
            self._changed(account_id)

    def share(self, changed: Callable[[AccountId], object]) -> None:
        """*changed* is told of every account whose connections here are others than before."""
        self._changed = changed

    def is_elsewhere(self, account_id: AccountId, flags: int, *, is_lost: bool = False) -> None:
        """From now on the account is connected so to other processes, all of them together.

        Args:
            account_id: whose connections they are.
            flags: how; 0: not at all.
            is_lost: if it has gone, then because its process cannot be heard any more.
        """
        before = self._elsewhere.get(account_id, 0)
        if flags == before:
            return
        if flags:
            self._elsewhere[account_id] = flags
        else:
            del self._elsewhere[account_id]
        if account_id not in self._connections:
            if not before:
                self._came(account_id)
            elif not flags:
                is_ours = is_lost or account_id in self._left
                self._left.discard(account_id)
                (self._went if is_ours else self._went_elsewhere)(account_id)
        self._tell(account_id)

    def watch(self, watcher: Callable[[AccountId], object]) -> None:
        """*watcher* is told of every account that has come, gone, turned away or come back."""
        self._watchers.append(watcher)

    def _tell(self, account_id: AccountId) -> None:
        for watcher in self._watchers:
            watcher(account_id)

    def of(self, account_id: AccountId) -> Sequence[Connection]:
        """The account's connections to this process."""
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
        return account_id in self._connections or account_id in self._elsewhere

    def online(self) -> Iterable[AccountId]:
        """Every account that has a connection, in no order."""
        if self._elsewhere:
            return self._connections.keys() | self._elsewhere.keys()
        return self._connections.keys()

    def here(self) -> Iterable[AccountId]:
        """Every account that has a connection to this process, in no order."""
        return self._connections.keys()

    def is_unheard(self, account_id: AccountId) -> bool:
        """Whether the account has no connection, or one that nobody looks at."""
        elsewhere = self._elsewhere.get(account_id, 0)
        present = self._connections.get(account_id)
        if present is None and not elsewhere:
            return True
        return bool(elsewhere & INACTIVE) or any(each.is_inactive for each in present or ())

    def flags(self, account_id: AccountId) -> int:
        """How the account is connected."""
        return self.flags_here(account_id) | self._elsewhere.get(account_id, 0)

    def flags_here(self, account_id: AccountId) -> int:
        """How the account is connected to this process."""
        flags = 0
        for each in self._connections.get(account_id, ()):
            flags |= INACTIVE if each.is_inactive else ACTIVE
            if each.reader.is_mobile:
                flags |= MOBILE
        return flags

    def sign_out(self, account_id: AccountId, session_ids: Iterable[SessionId]) -> None:
        """These sessions have ended: their connections are nobody's."""
        ended = set(session_ids)
        for connection in tuple(self.of(account_id)):
            if connection.reader.session_id in ended:
                connection.signed_out()
