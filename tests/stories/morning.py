"""The people of the story of one world, where it happens, and how they come together in the morning."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.receiver import Receiver
from tests.stories.process import Process, surroundings
from tests.world.astrak import AstrakVoice
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.unet import REDIRECT_URI, Application, UnetVoice, authorized
from tests.world.voice import Refused, Room
from tests.world.wires import Http, Wire

PASSWORD = "secret-secret"
PHONES = {"boris": "+79160000001", "clara": "+79160000002"}
NAMES = {
    "anna": "Анна",
    "boris": "Борис",
    "clara": "+7 (916) 000-0002",
    "dora": "Дора",
    "egor": "Егор",
    "bot": "сборщик",
}


@dataclass
class Place:
    """Where the day happens: what is on the disk, and the process that serves it now."""

    data: Path
    options: tuple[str, ...]
    outbox: Path
    server: Process
    application: Application
    accounts: dict[str, int] = field(default_factory=dict)
    token_of_boris: str = ""

    @property
    def base_url(self) -> str:
        """Where the server is."""
        return self.server.base_url

    def code_for(self, phone: str) -> str:
        """The newest code that went to that phone."""
        lines = [json.loads(line) for line in self.outbox.read_text().splitlines()]
        return str([line for line in lines if line["phone"] == phone][-1]["code"])

    def sama(self, login: str, device: str = "phone") -> SamaVoice:
        """With a SAMA client."""
        return SamaVoice(self.base_url, login, PASSWORD, device)

    def tada(self, login: str) -> TadaVoice:
        """With a Tada client, by password."""
        number = self.accounts.get(login, 0)
        return TadaVoice(self.base_url, login, PASSWORD, self.known, account=number)

    def unet(self, login: str) -> UnetVoice:
        """With an application, by password."""
        return UnetVoice(self.base_url, self.application, login, PASSWORD)

    def astrak(self, login: str) -> AstrakVoice:
        """With an Astrak client."""
        return AstrakVoice(self.base_url, login, PASSWORD)

    @property
    def known(self) -> dict[str, int]:
        """Accounts by the names that Tada shows."""
        return {NAMES[login]: number for login, number in self.accounts.items()}


def registered_application(data: Path, store: tuple[str, ...]) -> Application:
    """As the operator registers one."""
    command = [sys.executable, "-m", "tertulia", "oauth-client", "create", "--name", "tests"]
    command += ["--redirect-uri", REDIRECT_URI, "--data", str(data), *store]
    done = subprocess.run(command, capture_output=True, check=True, env=surroundings(), timeout=30)  # noqa: S603 - our own program
    said = json.loads(done.stdout)
    return Application(said["client_id"], said["client_secret"])


def people_register(place: Place) -> None:
    """Each through another API; then everybody can sign in through all of them."""
    wire = Wire(place.base_url, "/")
    for login in ("anna", "dora", "egor"):
        user = {"login": login, "password": PASSWORD, "first_name": NAMES[login]}
        wire.send({"request": {"user_create": user, "id": "1"}})
        assert "user" in wire.receive()["response"]
    wire.close()
    astrak = Http(place.base_url)
    clara = {"username": "clara", "password": PASSWORD, "phone": "8 (916) 000-00-02"}
    answer = astrak.form("POST", "/users/register", clara).json
    assert answer["code"] == 10, answer
    # Until the code is shown, there is no Clara anywhere.
    with pytest.raises(Refused):
        place.astrak("clara")
    code = place.code_for(PHONES["clara"])
    confirmed = {"phone": PHONES["clara"], "code": code}
    assert astrak.form("POST", "/users/confirm", confirmed).json["code"] == 10
    for login in ("anna", "clara", "dora", "egor"):
        numbers = {
            place.sama(login).account,
            place.astrak(login).account,
            place.unet(login).account,
        }
        assert len(numbers) == 1
        (place.accounts[login],) = numbers
        place.tada(login)
    place.token_of_boris, number = boris_comes(place)
    assert number not in place.accounts.values()
    place.accounts["boris"] = number
    # Clara's phone, which she has proven to Astrak, opens Tada as well: the same Clara.
    assert by_phone(place, PHONES["clara"])["me"]["phone"] == PHONES["clara"]


def by_phone(place: Place, phone: str) -> Any:
    """What Tada answers to a sign-in with a code."""
    http = Http(place.base_url)
    asked = http.ask("POST", "/api/v3/sms-login", json.dumps({"phone": phone})).json
    assert asked["ok"], asked
    body = {"phone": phone, "code": place.code_for(phone), "type": "web", "device_id": "browser"}
    answer = http.ask("POST", "/api/v3/sms-auth", json.dumps(body)).json
    assert answer["ok"], answer
    return answer["result"]


def boris_comes(place: Place) -> tuple[str, int]:
    """With nothing but his phone; the same phone opens Unet."""
    token = by_phone(place, PHONES["boris"])["token"]
    granted = authorized(
        place.base_url, place.application, PHONES["boris"], lambda: place.code_for(PHONES["boris"])
    )
    http = Http(place.base_url)
    q = json.dumps({"info": ["details"]})
    bearer = f"Bearer {granted['access_token']}"
    answer = http.form("POST", "/unet/api/user/", {"q": q}, authorization=bearer).json
    return token, int(answer["details"]["uid"])


class Boris(TadaVoice):
    """Signed in with his phone in the morning; the token lasts."""

    def __init__(self, place: Place) -> None:
        number = place.accounts["boris"]
        token = place.token_of_boris
        super().__init__(place.base_url, "", "", place.known, account=number, token=token)


def boris_makes_a_team(place: Place, receiver: Receiver) -> tuple[Room, str]:
    """He invites Anna, Clara and Egor; Dora stays outside."""
    boris = Boris(place)
    team = boris.ask("POST", "/teams", {"name": "лыжный клуб"})["uid"]
    me = boris.ask("GET", f"/teams/{team}")["me"]["jid"]
    boris.ask("PUT", f"/teams/{team}/contacts/{me}", {"given_name": "Борис"})
    token = boris.ask("POST", f"/teams/{team}/invitations", {})["token"]
    for login in ("anna", "clara", "egor"):
        place.tada(login).ask("POST", "/teams/join", {"token": token})
    with pytest.raises(Refused):
        place.tada("dora").ask("GET", f"/teams/{team}")
    contacts = boris.ask("GET", f"/teams/{team}/contacts/")
    members = [{"jid": each["jid"]} for each in contacts if each["display_name"] in place.known]
    body = {"display_name": "зал", "members": members}
    jid = boris.ask("POST", f"/teams/{team}/groups", body)["jid"]
    hook = {"kind": "raw", "group": jid, "comment": NAMES["bot"], "webhook_url": receiver.url}
    key = boris.ask("POST", f"/teams/{team}/integrations", hook)["form"]["api_key"]["value"]
    (hall,) = [each.room for each in boris.chats() if each.name == "зал"]
    boris.close()
    return hall, key
