"""A server for a test that is no coroutine, in a thread of its own; and the people who use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tertulia.assembly import EngineOf, Server
from tertulia.core.applications import Scope
from tests.house import in_memory
from tests.store.sound import broken
from tests.threaded import threaded_house
from tests.world.astrak import AstrakVoice
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.unet import REDIRECT_URI, Application, UnetVoice
from tests.world.wires import Wire


class Town:
    """A running server, who lives there, and the mistakes it made."""

    def __init__(self, base_url: str, application: Application, mistakes: list[str]) -> None:
        self.base_url = base_url
        self.application = application
        self.mistakes = mistakes
        self.accounts: dict[str, int] = {}

    def settle(self, login: str, name: str) -> int:
        """Somebody new, known to Tada by that name; the password is `secret-secret`."""
        wire = Wire(self.base_url, "/")
        user = {"login": login, "password": PASSWORD, "first_name": name}
        wire.send({"request": {"user_create": user, "id": "1"}})
        response = wire.receive()["response"]
        assert "user" in response, response
        wire.close()
        voice = self.sama(login)
        self.accounts[name] = voice.account
        voice.close()
        return self.accounts[name]

    def sama(self, login: str, device: str = "phone") -> SamaVoice:
        """That person with a SAMA client."""
        return SamaVoice(self.base_url, login, PASSWORD, device)

    def tada(self, login: str) -> TadaVoice:
        """That person with a Tada client."""
        number = self.accounts[login]
        return TadaVoice(self.base_url, login, PASSWORD, self.accounts, account=number)

    def unet(self, login: str) -> UnetVoice:
        """That person with a Unet application."""
        return UnetVoice(self.base_url, self.application, login, PASSWORD)

    def astrak(self, login: str) -> AstrakVoice:
        """That person with an Astrak client."""
        return AstrakVoice(self.base_url, login, PASSWORD)


PASSWORD = "secret-secret"


async def application_of(server: Server) -> Application:
    """A Unet application, as the operator registers one."""
    made, secret = await server.core.oauth.register("tests", [REDIRECT_URI], list(Scope))
    return Application(made.id, secret)


@contextmanager
def town(engine_of: EngineOf = in_memory, **settings: Any) -> Iterator[Town]:
    """A town of its own; in the end all that stands in its store must fit together."""
    with threaded_house(engine_of, **settings) as house:
        application = house.run(application_of(house.server))
        yield Town(house.base_url, application, house.mistakes)
        assert house.run(broken(house.server.engine)) == []
