"""Of two processes that hear everything only one calls out: callbacks, webhooks and pushes come once."""

import queue
from typing import Any

import pytest

from tests.integration.cluster import Cluster, Side, hears_until, holds, play, says
from tests.receiver import Receiver
from tests.stories.people import Client
from tests.tada.office import Office, Person, key_of, signs_up
from tests.world.astrak import AstrakVoice
from tests.world.voice import direct
from tests.world.wires import Http

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def astrak(base_url: str, login: str) -> AstrakVoice:
    """That person with an Astrak client."""
    return AstrakVoice(base_url, login, f"{login}-secret")


def moved(voice: AstrakVoice, base_url: str) -> AstrakVoice:
    """The same token at another process."""
    voice.http.close()
    voice.http = Http(base_url)
    return voice


def test_a_callback_is_called_once_for_each_event_wherever_it_was_set_up_and_whoever_speaks(
    pair: Cluster, receiver: Receiver
) -> None:
    here, there = pair.urls
    signs_up(here, "hook-anna", "hook-boris", "hook-clara")
    anna = astrak(there, "hook-anna")
    voices = [astrak(url, login) for url in pair.urls for login in ("hook-boris", "hook-clara")]
    secret = anna.ask("POST", "/events/callback/start", callback=receiver.url)["secret"]
    wanted = []
    for number in range(8):
        for voice in voices:
            text = f"{voice.account} {number} {voice.http.base_url}"
            voice.send(direct(anna.account), text)
            wanted.append(text)
    called = [receiver.next() for _ in wanted]
    assert [each.text for each in called] == wanted
    assert len({each.json["event_id"] for each in called}) == len(wanted)
    assert all(each.is_signed_with(secret) for each in called)
    # It goes on when it is asked for on the other process, and ends wherever one says so.
    moved(anna, here)
    assert anna.ask("POST", "/events/callback/start", callback=receiver.url)["secret"] == secret
    voices[3].send(direct(anna.account), "still there")
    assert receiver.texts(1) == ["still there"]
    moved(anna, there)
    anna.ask("POST", "/events/callback/stop")
    voices[0].send(direct(anna.account), "gone")
    anna.ask("POST", "/events/callback/start", callback=receiver.url)
    voices[1].send(direct(anna.account), "back")
    assert receiver.texts(1) == ["back"]
    assert receiver.calls.empty()


def test_a_webhook_is_called_once_for_each_message_wherever_it_was_set_up(
    pair: Cluster, office: Office, receiver: Receiver
) -> None:
    here, there = pair.urls
    speakers = [Person(url, login) for url in (here, there) for login in ("anna", "boris")]
    made = office.hook(office.hall, webhook_url=receiver.url)
    path = f"/api/v4/teams/{office.team}/chats/{office.hall}/messages"
    wanted = []
    for number in range(8):
        for each in speakers:
            wanted.append(f"{each.login} {number} {each.http.base_url}")
            each.ask("POST", path, {"text": wanted[-1]})
    called = [receiver.next() for _ in wanted]
    assert [each.form["text"] for each in called] == wanted
    assert {each.headers["key"] for each in called} == {key_of(made)}
    # The key opens both doors, until it is taken away at one of them.
    fields = {"key": key_of(made), "message": "from a program"}
    for url in (here, there):
        assert Http(url).form("POST", "/api/message", fields).json == {"ok": True}
    assert office.texts(office.hall)[-2:] == ["from a program"] * 2
    anna = Person(there, "anna")
    anna.ask("DELETE", f"{office.path}/{made['uid']}")
    assert Http(here).form("POST", "/api/message", fields).status >= 400
    other = office.hook(office.hall, webhook_url=receiver.url)
    anna.ask("POST", path, {"text": "to the other one"})
    assert receiver.next().headers["key"] == key_of(other)
    assert receiver.calls.empty()
    anna.ask("DELETE", f"{office.path}/{other['uid']}")


def test_who_is_on_no_process_is_pushed_once_and_who_is_on_any_is_not(
    pair: Cluster, gateway: Receiver
) -> None:
    async def story(here: Side, there: Side) -> None:
        boris = await there.comes("boris")
        new = {"platform": "ios", "device_token": here.login("boris"), "device_udid": "phone"}
        await boris.ask("push_subscription_create", new)
        anna, ida = await here.comes("anna"), await there.comes("anna", "other")
        hall = await here.private(anna, "boris")
        await hears_until(boris, lambda packet: "system_message" in packet)
        for client in (anna, ida):
            await holds(lambda client=client: is_online(client, here.ids["boris"]))  # type: ignore[misc]  # it has a default
        await anna.say(hall, "seen")
        await ida.say(hall, "seen, too")
        # Whoever looks away is there, and is pushed all the same.
        await boris.ask("activity_status", {"isInactive": True})
        await holds(lambda: pushed_at_last(anna, hall, gateway))
        await boris.ask("activity_status", {"isInactive": False})
        await boris.hang_up()

        async def is_gone() -> bool:
            found = []
            for client in (anna, ida):
                asked = await client.ask("user_last_activity", {"ids": [here.ids["boris"]]})
                found.append(asked["last_activity"][here.ids["boris"]])
            return "online" not in found

        await holds(is_gone)
        await anna.say(hall, "gone")
        await ida.say(hall, "gone, too")
        pushed: list[Any] = []
        while len(pushed) < 2:
            called = gateway.next().json
            # Of those there were some more, perhaps.
            pushed += [called] if called["payload"]["body"] != "not seen" else []
        assert {each["token"] for each in pushed} == {here.login("boris")}
        assert [each["payload"]["body"] for each in pushed] == ["gone", "gone, too"]
        back = await here.comes("boris")
        await holds(lambda: is_online(ida, here.ids["boris"]))
        await anna.say(hall, "here again")
        await ida.say(hall, "here again, too")
        # Who leads may be behind whoever was told that it is stored.
        await hears_until(back, says("here again, too"))
        await back.hang_up()
        await holds(is_gone)
        await anna.say(hall, "the end")
        assert gateway.next().json["payload"]["body"] == "the end"
        assert gateway.calls.empty()

    play(pair.urls, story, "anna", "boris")


async def is_online(client: Client, account: str) -> bool:
    """Whether that process knows that he is there."""
    asked = await client.ask("user_last_activity", {"ids": [account]})
    return bool(asked["last_activity"][account] == "online")


async def pushed_at_last(client: Client, cid: str, gateway: Receiver) -> bool:
    """Whether a message is pushed. None of those that somebody saw was."""
    await client.say(cid, "not seen")
    try:
        called: Any = gateway.calls.get(timeout=0.2)
    except queue.Empty:
        return False
    assert called.json["payload"]["body"] == "not seen"
    return True
