"""What services and dialects are built from."""

from dataclasses import dataclass

from tertulia.adapters.drawings import Drawer
from tertulia.adapters.outbound import Outbound
from tertulia.assembly.files import ServerFiles
from tertulia.assembly.tasks import Tasks
from tertulia.core.codes import Mailer
from tertulia.core.ports import Clock, Passwords
from tertulia.core.tally import Tally
from tertulia.delivery.bus import Bus
from tertulia.dialects.sama import new_key
from tertulia.settings import Settings
from tertulia.store.engine import Engine
from tertulia.store.sessions import SqlSessions


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a server, made from its settings.

    Attributes:
        settings: what the operator set.
        base_url: of absolute links, without a slash at its end.
        clock: the time.
        passwords: hashes them.
        engine: the open store.
        tally: where everything is counted.
        tasks: what runs in the background.
        bus: what happened goes through here.
        files: the content of files.
        mailer: sends mail.
        outbound: every request the server makes itself.
        drawer: draws pictures.
        process: the number of this process among several; `store.visits.ALONE` where there is one only.
    """

    settings: Settings
    base_url: str
    clock: Clock
    passwords: Passwords
    engine: Engine
    tally: Tally
    tasks: Tasks
    bus: Bus
    files: ServerFiles
    mailer: Mailer
    outbound: Outbound
    drawer: Drawer
    process: int

    async def secret(self, name: str) -> str:
        """The server's own secret of that name, made at the first start."""
        return await SqlSessions(self.engine).server_secret(name, new_key())
