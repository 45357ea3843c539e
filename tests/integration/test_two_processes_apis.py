"""Two processes act as one for people with Unet and Astrak; and for four people of four APIs in one chat."""

import threading
from typing import Any

import pytest

from tests.integration.cluster import Cluster, until
from tests.tada.office import signs_up
from tests.world.astrak import AstrakVoice
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.unet import UnetVoice, authorized
from tests.world.voice import Refused, Voice, direct
from tests.world.wires import Http

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def secret(login: str) -> str:
    """The password of that person."""
    return f"{login}-secret"


def at(voice: Any, base_url: str) -> Any:
    """The same person, with the same token, at another process."""
    voice.http.close()
    voice.http = Http(base_url)
    return voice


def path_of(url: str) -> str:
    """Without scheme and host."""
    return "/" + url.partition("://")[2].partition("/")[2]


def test_consent_is_given_on_one_process_and_used_on_the_other(pair: Cluster) -> None:
    here, there = pair.urls
    signs_up(here, "unet-anna", "unet-boris")
    granted = authorized(here, pair.application, "unet-anna", secret("unet-anna"), token_from=there)
    anna = UnetVoice.__new__(UnetVoice)
    anna.token = granted["access_token"]
    boris = UnetVoice(there, pair.application, "unet-boris", secret("unet-boris"))
    for base_url in (here, there):
        anna.http = Http(base_url)
        details = anna.ask("user/", {"info": ["details"]})["details"]
        anna.account = details["uid"]
    to_anna, to_boris = direct(anna.account), direct(boris.account)
    numbers = []
    for number in range(6):
        writer = at(anna, (here, there)[number % 2]) if number % 3 else boris
        room = to_anna if writer is boris else to_boris
        numbers.append(writer.send(room, f"n{number}", is_whisper=number == 5))
    assert [each.number for each in boris.messages(to_anna)] == numbers
    # A cursor of one process turns the page on the other.
    at(boris, here)
    page = boris.bookmark(to_anna)
    # An address of its own is what an operator gives both of them; what matters stands behind it.
    page = {
        key: value.replace(here, there) if key.endswith("_cursor") else value
        for key, value in page.items()
    }
    at(boris, there)
    (item,) = page["items"]
    around = boris.around(to_anna, page)
    assert around == [number for number in numbers if number != item["id"]]
    at(anna, there).edit(to_boris, numbers[1], "changed")
    at(boris, here)
    assert boris.messages(to_anna)[1].text == "changed"
    added = anna.attach(to_boris, "minutes.txt", "the minutes")
    found = boris.ask("messages/", {"chat_id": anna.account, "limit": 1})["items"][0]
    assert found["id"] == added
    (url,) = [each["url"] for kind in found["attachments"].values() for each in kind]
    for base_url in (here, there):
        answer = Http(base_url).ask("GET", path_of(url))
        assert (answer.status, answer.body) == (200, b"minutes.txt")
    # A refresh token is used up wherever it was used.
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": granted["refresh_token"],
        "client_id": pair.application.client_id,
        "client_secret": pair.application.client_secret,
    }
    renewed = Http(here).form("POST", "/token", fields)
    assert renewed.status == 200, renewed.text
    assert Http(there).form("POST", "/token", fields).status == 400


class Poll:
    """A poll that waits in a thread of its own, as a client does."""

    def __init__(self, base_url: str, token: str) -> None:
        self._http = Http(base_url)
        self._token = token
        self.answer: Any = None
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        fields = {"token": self._token, "timeout": 10}
        self.answer = self._http.form("POST", "/events/polling", fields)

    def ended(self) -> str:
        """What the message says that it was answered with."""
        self._thread.join()
        self._http.close()
        assert self.answer.status == 200, self.answer.text
        return str(self.answer.json["event"]["text"])


def test_a_poll_on_one_process_is_answered_by_what_happens_on_the_other(pair: Cluster) -> None:
    here, there = pair.urls
    signs_up(here, "poll-anna", "poll-boris")
    anna = AstrakVoice(here, "poll-anna", secret("poll-anna"))
    boris = AstrakVoice(there, "poll-boris", secret("poll-boris"))
    others = SamaVoice(here, "poll-anna", secret("poll-anna"))
    told: list[str] = []
    for number in range(4):
        # It may come before the poll or while that waits: it is told either way.
        poll = Poll((there, here)[number % 2], anna.token)
        boris.send(direct(anna.account), f"n{number}")
        while (text := poll.ended()) in told:
            # What was written to a connection just now may come again.
            poll = Poll((there, here)[number % 2], anna.token)
        told.append(text)
    assert told == [f"n{number}" for number in range(4)]
    for number in range(4, 8):
        boris.send(direct(anna.account), f"n{number}")
        at(anna, (there, here)[number % 2])
        until(lambda number=number: f"n{number}" in [each.text for each in anna.heard()])  # type: ignore[misc]  # it has a default
    # What she reads elsewhere, and what he changes, is told there as here.
    anna.read(direct(boris.account))
    until(lambda: "message_read" in boris.words())
    said = boris.send(direct(anna.account), "good moning")
    boris.edit(direct(anna.account), said, "good morning")
    until(
        lambda: [each.text for each in others.messages(direct(boris.account))][-1] == "good morning"
    )
    others.close()


def test_a_registration_that_begins_on_one_process_ends_on_the_other(pair: Cluster) -> None:
    here, there = pair.urls
    phone = "+79160000002"
    fields = {"username": "vesna", "password": "correct horse", "phone": phone}
    begun = Http(here).form("POST", "/users/register", fields).json
    assert begun["code"] == 10, begun
    with pytest.raises(Refused):
        AstrakVoice(there, "vesna", "correct horse")
    confirmed = Http(there).form("POST", "/users/confirm", {"phone": phone, "code": "1111"}).json
    assert confirmed["code"] == 10, confirmed
    for base_url in (here, there):
        answer = Http(base_url).form("POST", "/users/check", {"token": begun["token"]})
        assert answer.json["code"] == 10
    vesna = AstrakVoice(here, "vesna", "correct horse")
    Http(there).form("POST", "/users/logout", {"token": vesna.token})
    with pytest.raises(Refused):
        vesna.chats()


def test_a_new_password_ends_what_is_signed_in_elsewhere_in_every_api(pair: Cluster) -> None:
    here, there = pair.urls
    login, old = "moves-anna", secret("moves-anna")
    signs_up(here, login)
    phone = SamaVoice(here, login, old)
    voices: list[Any] = [
        voice
        for url in (here, there)
        for voice in (
            TadaVoice(url, login, old, {}),
            UnetVoice(url, pair.application, login, old),
            AstrakVoice(url, login, old),
        )
    ]
    for voice in voices:
        # Each process has seen each token.
        for url in (there, here):
            at(voice, url).chats()
    phone.ask("user_edit", {"current_password": old, "new_password": "another-secret"})

    def is_out(voice: Any) -> bool:
        try:
            voice.chats()
        except Refused as refused:
            return refused.status == 401
        return False

    for voice in voices:
        for url in (there, here):
            at(voice, url)
            until(lambda voice=voice: is_out(voice))  # type: ignore[misc]  # it has a default
    with pytest.raises(Refused):
        AstrakVoice(there, login, old)
    AstrakVoice(there, login, "another-secret").close()
    phone.chats()
    phone.close()


def test_four_people_of_four_apis_talk_in_one_chat_across_the_processes(pair: Cluster) -> None:
    here, there = pair.urls
    logins = ("world-anna", "world-boris", "world-clara", "world-dora")
    signs_up(here, *logins)
    accounts: dict[str, int] = {}
    for login in logins:
        voice = SamaVoice(here, login, secret(login))
        accounts[login] = voice.account
        voice.close()
    anna_, boris_, clara_, dora_ = logins
    anna = SamaVoice(here, anna_, secret(anna_))
    boris = TadaVoice(there, boris_, secret(boris_), accounts, account=accounts[boris_])
    clara = AstrakVoice(there, clara_, secret(clara_))
    dora = UnetVoice(here, pair.application, dora_, secret(dora_))
    tea = anna.create_group("tea", [accounts[each] for each in logins[1:]])
    until(lambda: tea in {each.room for each in boris.chats()})
    boris.listen()
    voices: tuple[Voice, ...] = (anna, boris, clara, dora)
    listeners: tuple[Voice, ...] = (anna, boris, clara)
    for each in listeners:
        each.heard()
    heard: dict[str, list[str]] = {each.dialect: [] for each in listeners}
    for round_ in range(2):
        for writer in voices:
            text = f"{writer.dialect} {round_}"
            said = writer.send(tea, text)
            for each in listeners:
                if each is writer and each.dialect != "tada":
                    continue

                def has_come(each: Any = each, text: str = text) -> bool:
                    heard[each.dialect] += [
                        one.text for one in each.heard() if one.kind == "posted"
                    ]
                    return text in heard[each.dialect]

                until(has_come)
            for each in voices:
                last = each.messages(tea)[-1]
                assert (last.number, last.text) == (said, text), each.dialect
    wanted = [f"{writer.dialect} {round_}" for round_ in range(2) for writer in voices]
    for each in listeners:
        others = [text for text in wanted if not text.startswith(each.dialect)]
        assert heard[each.dialect] == (wanted if each is boris else others), each.dialect
    doomed = dora.send(tea, "not that")
    dora.delete(tea, doomed)
    shown = [[(one.number, one.author, one.text) for one in each.messages(tea)] for each in voices]
    assert shown[1:] == shown[:1] * 3
    assert [text for _, _, text in shown[0]] == wanted
    for each in voices:
        each.close()
