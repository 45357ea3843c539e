"""Two processes act as one for people with SAMA: who is on one hears and does what he would on the other."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.cluster import Cluster, Side, hears_until, holds, play, says
from tests.stories.people import Client, Packet, Refused
from tests.world.wires import Http

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MANY = 60


async def meeting(here: Side, there: Side) -> tuple[Client, Client, str]:
    """Anna on one process, Boris on the other, and a group of the two that Boris has heard of."""
    anna, boris = await here.comes("anna"), await there.comes("boris")
    tea = await here.group(anna, "boris")
    assert (await boris.hears("system_message"))["x"]["conversation_created"]["_id"] == tea
    return anna, boris, tea


def announces(x: Packet) -> Callable[[Packet], bool]:
    """Whether it is a system message with that in it."""
    return lambda packet: packet.get("system_message", {}).get("x") == x


async def is_nobodys(client: Client) -> bool:
    """Whether nobody is signed in on that socket any more."""
    statuses = []
    try:
        await client.ask("conversation_list", {})
    except Refused as refused:
        statuses.append(refused.status)
    assert statuses in ([], [401])
    return statuses == [401]


def test_a_new_conversation_and_its_first_words_are_heard_on_the_other_process(
    pair: Cluster,
) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        said = await anna.say(tea, "hello")
        heard = await boris.hears("message")
        assert (heard["_id"], heard["body"], heard["cid"]) == (said["server_mid"], "hello", tea)
        # A direct chat, and the other way round.
        hall = await there.private(boris, "anna")
        assert (await anna.hears("system_message"))["x"]["conversation_created"]["_id"] == hall
        await boris.say(hall, "psst")
        assert (await anna.hears("message"))["cid"] == hall
        assert await anna.heard() == await boris.heard() == []

    play(pair.urls, story, "anna", "boris")


def test_what_many_write_at_once_everybody_hears_once_and_in_the_order_of_the_list(
    pair: Cluster,
) -> None:
    writers = ("anna", "boris", "dora", "egor")

    async def story(here: Side, there: Side) -> None:
        sockets = [
            await (here, there)[number % 2].comes(login) for number, login in enumerate(writers)
        ]
        tea = await here.group(sockets[0], *writers[1:], "clara")
        ears = [await here.comes("clara", "one"), await there.comes("clara", "two")]

        async def write(client: Client, login: str) -> None:
            refs = [f"{login} {number}" for number in range(MANY)]
            await client.send_together(
                [{"message": {"id": ref, "cid": tea, "body": ref}} for ref in refs]
            )

        async with asyncio.TaskGroup() as tasks:
            for client, login in zip(sockets, writers, strict=True):
                tasks.create_task(write(client, login))
        acknowledged = []
        for client in sockets:
            own: list[Packet] = []
            while len(own) < MANY:
                own += [each["ask"] for each in [await client.receive()] if "ask" in each]
            acknowledged += [each["server_mid"] for each in own]
        await sockets[1].say(tea, "last")
        listed: list[Packet] = []
        while len(listed) < len(writers) * MANY + 1:
            before = {"created_at": {"lt": listed[-1]["created_at"]}} if listed else {}
            page = {"cid": tea, "limit": 100, **before}
            answer = await ears[0].ask("message_list", page)
            listed += answer["messages"]
        order = [each["_id"] for each in reversed(listed)]
        assert sorted(order[:-1]) == sorted(acknowledged)
        for ear in ears:
            heard = await hears_until(ear, says("last"))
            assert [each["message"]["_id"] for each in heard if "message" in each] == order

    play(pair.urls, story, *writers, "clara")


def test_what_is_too_long_for_the_bus_is_heard_all_the_same(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        # Each as long as it may be; the first is committed alone, the others together.
        bodies = [f"{number:05}" * 13_000 for number in range(12)]
        packets = [
            {"message": {"id": f"l-{number}", "cid": tea, "body": body}}
            for number, body in enumerate(bodies)
        ]
        await anna.send_together(packets)
        heard = await hears_until(boris, says(bodies[-1]))
        assert [packet["message"]["body"] for packet in heard] == bodies

    play(pair.urls, story, "anna", "boris")


def test_whatever_one_does_to_a_message_is_heard_on_the_other_process(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        for one, other in ((anna, boris), (boris, anna)):
            mid = (await one.say(tea, "good moning"))["server_mid"]
            assert (await other.hears("message"))["_id"] == mid
            await other.ask("message_reactions_update", {"mid": mid, "add": "👍"})
            heard = await one.hears("message_reactions_update")
            assert (heard["mid"], heard["add"]) == (mid, "👍")
            await other.ask("message_read", {"cid": tea, "ids": [mid]})
            assert (await one.hears("message_read"))["ids"] == [mid]
            await one.ask("message_edit", {"id": mid, "body": "good morning"})
            assert (await other.hears("message_edit"))["body"] == "good morning"
            await one.ask("message_delete", {"cid": tea, "ids": [mid], "type": "all"})
            assert (await other.hears("message_delete"))["ids"] == [mid]
        assert await anna.heard() == await boris.heard() == []

    play(pair.urls, story, "anna", "boris")


def test_what_is_not_stored_is_heard_on_the_other_process(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        laptop = await there.comes("anna", "laptop")
        for one, other in ((anna, boris), (boris, anna)):
            await one.send({"typing": {"cid": tea, "status": "start"}})
            assert (await other.hears("typing"))["status"] == "start"
            await one.send({"system_message": {"id": "s-1", "cid": tea, "x": {"call": "start"}}})
            assert (await one.receive())["ask"]["mid"] == "s-1"
            assert (await other.hears("system_message"))["x"] == {"call": "start"}
        uids = {"id": "s-2", "uids": [there.ids["anna"]], "x": {"call": "stop"}}
        await boris.send({"system_message": uids})
        for each in (anna, laptop):
            heard = await hears_until(each, announces({"call": "stop"}))
            # She hears on the other device what she said on this one, and on none anything twice.
            told = [packet for packet in heard if "system_message" in packet]
            assert len(told) == (1 if each is anna else 3)
        assert await anna.heard() == await laptop.heard() == []

    play(pair.urls, story, "anna", "boris")


def test_who_watches_somebody_is_told_of_comings_and_goings_on_every_process(
    pair: Cluster,
) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, ids = await here.comes("anna"), here.ids
        watched = await anna.ask("user_last_activity_subscribe", {"id": ids["boris"]})
        assert watched["last_activity"][ids["boris"]] != "online"
        phone = await there.comes("boris")
        assert (await anna.hears("last_activity"))[ids["boris"]] == "online"
        # A second device is no news, wherever it is, nor is the end of one of them.
        laptop = await here.comes("boris", "laptop")
        for side in (here, there):
            dora = await side.comes("dora")
            asked = await dora.ask("user_last_activity", {"ids": [ids["boris"], ids["anna"]]})
            assert asked["last_activity"] == {ids["boris"]: "online", ids["anna"]: "online"}
            online = await dora.ask("online_list", {"idsOnly": True})
            assert {ids[each] for each in ("anna", "boris", "dora")} <= set(online["users"])
            await dora.hang_up()
        await phone.hang_up()
        again = await there.comes("boris")
        await again.hang_up()
        await laptop.hang_up()
        assert isinstance((await anna.hears("last_activity"))[ids["boris"]], int)
        dora = await there.comes("dora")

        async def is_gone() -> bool:
            asked = await dora.ask("user_last_activity", {"ids": [ids["boris"]]})
            return bool(asked["last_activity"][ids["boris"]] != "online")

        await holds(is_gone)
        assert await anna.heard() == []

    play(pair.urls, story, "anna", "boris", "dora")


def test_ones_own_devices_hear_each_other_across_processes(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        laptop = await there.comes("anna", "laptop")
        mid = (await anna.say(tea, "from the phone"))["server_mid"]
        heard = await laptop.hears("message")
        assert (heard["_id"], heard["from"]) == (mid, here.ids["anna"])
        await laptop.say(tea, "from the laptop")
        assert (await anna.hears("message"))["body"] == "from the laptop"
        assert [(await boris.hears("message"))["body"] for _ in range(2)] == [
            "from the phone",
            "from the laptop",
        ]
        assert await anna.heard() == await laptop.heard() == await boris.heard() == []

    play(pair.urls, story, "anna", "boris")


def test_who_is_put_out_of_a_conversation_on_one_process_hears_no_more_of_it_on_the_other(
    pair: Cluster,
) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        await anna.say(tea, "before")
        assert (await boris.hears("message"))["body"] == "before"
        people = {"remove": [here.ids["boris"]]}
        await anna.ask("conversation_update", {"id": tea, "participants": people})
        assert "conversation_kicked" in (await boris.hears("system_message"))["x"]
        await anna.say(tea, "among ourselves")
        with pytest.raises(Refused) as refused:
            await boris.say(tea, "let me in")
        assert refused.value.status == 403
        people = {"add": [here.ids["boris"]]}
        await anna.ask("conversation_update", {"id": tea, "participants": people})
        heard = await hears_until(boris, lambda packet: "message" in packet)
        assert [next(iter(each)) for each in heard] == ["system_message", "message"]
        assert heard[-1]["message"]["x"]["type"] == "added_participant"
        await boris.say(tea, "thank you")
        heard = await hears_until(anna, says("thank you"))
        assert "let me in" not in str(heard)

    play(pair.urls, story, "anna", "boris")


def test_who_blocks_somebody_on_one_process_has_peace_on_the_other(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris = await here.comes("anna"), await there.comes("boris")
        hall = await there.private(boris, "anna")
        assert "conversation_created" in (await anna.hears("system_message"))["x"]
        await anna.ask("block_user", {"ids": [here.ids["boris"]]})
        with pytest.raises(Refused):
            await boris.say(hall, "why?")
        await anna.ask("unblock_user", {"ids": [here.ids["boris"]]})
        await boris.say(hall, "thank you")
        assert (await anna.hears("message"))["body"] == "thank you"

    play(pair.urls, story, "anna", "boris")


async def signs_out_by_packet(client: Client, side: Side, token: str) -> None:
    await client.ask("user_logout", {})


async def signs_out_over_http(client: Client, side: Side, token: str) -> None:
    def call() -> int:
        return Http(side.base_url).ask("POST", "/logout", authorization=f"Bearer {token}").status

    assert await asyncio.to_thread(call) == 200


async def deletes_the_account(client: Client, side: Side, token: str) -> None:
    await client.ask("user_delete", {})


@pytest.mark.parametrize("way", [signs_out_by_packet, signs_out_over_http, deletes_the_account])
def test_who_signs_out_on_one_process_is_out_on_the_other(
    pair: Cluster, way: Callable[[Client, Side, str], Any]
) -> None:
    async def story(here: Side, there: Side) -> None:
        anna = await here.client()
        token = await here.signs_in(anna, here.login("anna"))
        other = await there.comes_with(token)
        boris = await there.comes("boris")
        tea = await there.group(boris, "anna")
        await hears_until(other, lambda packet: "system_message" in packet)
        await way(anna, here, token)
        await holds(lambda: is_nobodys(other))
        await boris.say(tea, "are you there?")
        assert await is_nobodys(other)
        assert all("message" not in packet for packet in other.inbox)
        with pytest.raises(Refused):
            await there.comes_with(token)

    play(pair.urls, story, "anna", "boris")


def test_a_new_password_signs_everything_else_out_on_every_process(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna = await here.comes("anna")
        others = [await side.comes("anna", f"device {side.base_url}") for side in (here, there)]
        secret = f"{here.login('anna')}-secret"
        change = {"current_password": secret, "new_password": "another-secret"}
        await anna.ask("user_edit", change)
        for other in others:
            await holds(lambda other=other: is_nobodys(other))  # type: ignore[misc]  # it is awaitable
        assert not await is_nobodys(anna)
        with pytest.raises(Refused):
            await there.comes("anna")

    play(pair.urls, story, "anna")


def test_a_message_sent_again_through_the_other_process_is_the_same_message(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        first = await anna.say(tea, "did it arrive?", "r-1")
        # This one's acknowledgement she does not wait for.
        await anna.send({"message": {"id": "r-2", "cid": tea, "body": "and this?"}})
        await anna.hang_up()
        anna = await there.comes("anna")
        assert (await anna.say(tea, "did it arrive?", "r-1"))["server_mid"] == first["server_mid"]
        second = await anna.say(tea, "and this?", "r-2")
        await anna.say(tea, "last")
        heard = [await boris.hears("message") for _ in range(3)]
        assert [each["body"] for each in heard] == ["did it arrive?", "and this?", "last"]
        assert [each["_id"] for each in heard[:2]] == [first["server_mid"], second["server_mid"]]
        assert await boris.bodies(tea) == ["did it arrive?", "and this?", "last"]

    play(pair.urls, story, "anna", "boris")


def test_the_log_has_what_was_missed_wherever_one_was(pair: Cluster) -> None:
    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        heard = await anna.say(tea, "heard")
        oops = await anna.say(tea, "oops")
        await hears_until(boris, says("oops"))
        await boris.hang_up()

        async def is_gone() -> bool:
            asked = await anna.ask("user_last_activity", {"ids": [here.ids["boris"]]})
            return bool(asked["last_activity"][here.ids["boris"]] != "online")

        await holds(is_gone)
        await anna.say(tea, "missed")
        await anna.ask("message_edit", {"id": heard["server_mid"], "body": "changed"})
        gone = {"cid": tea, "ids": [oops["server_mid"]], "type": "all"}
        await anna.ask("message_delete", gone)
        await anna.ask("message_reactions_update", {"mid": heard["server_mid"], "add": "+"})
        boris = await here.comes("boris")
        assert (await boris.hears("message_edit"))["id"] == heard["server_mid"]
        assert (await boris.hears("message_delete"))["ids"] == [oops["server_mid"]]
        logs = (await boris.ask("op_log_list", {"created_at": {"gt": 0}}))["logs"]
        packets = [next(iter(each["packet"].items())) for each in logs]
        assert [kind for kind, _ in packets] == [
            "message",
            "message_edit",
            "message_delete",
            "message_reactions_update",
        ]
        assert packets[0][1]["body"] == "missed"
        # With a socket on either process nothing is missed any more.
        for side in (here, there):
            device = await side.comes("boris", "tablet")
            await boris.hang_up()
            boris = device
            body = f"heard at {side.base_url}"
            await anna.say(tea, body)
            await hears_until(boris, says(body))
            again = (await boris.ask("op_log_list", {"created_at": {"gt": 0}}))["logs"]
            assert [each["_id"] for each in again] == [each["_id"] for each in logs]

    play(pair.urls, story, "anna", "boris")


def test_a_file_is_announced_laid_down_and_read_on_any_process(pair: Cluster) -> None:
    def path_of(url: str) -> str:
        return "/" + url.partition("://")[2].partition("/")[2]

    async def story(here: Side, there: Side) -> None:
        anna, boris, tea = await meeting(here, there)
        new = [{"name": "tea.txt", "size": 6, "content_type": "text/plain"}]
        (file,) = (await anna.ask("create_files", new))["files"]

        def call(side: Side, method: str, url: str, content: bytes = b"") -> tuple[int, bytes]:
            answer = Http(side.base_url).ask(method, path_of(url), content)
            return answer.status, answer.body

        put = await asyncio.to_thread(call, there, "PUT", file["upload_url"], b"leaves")
        assert put[0] == 200
        attachment = {"file_id": file["_id"], "file_name": "tea.txt"}
        packet = {"id": "f-1", "cid": tea, "body": "look", "attachments": [attachment]}
        await anna.send({"message": packet})
        (attached,) = (await boris.hears("message"))["attachments"]
        asked = {"file_ids": [attached["file_id"]]}
        for client in (anna, boris):
            (url,) = (await client.ask("get_file_urls", asked))["file_urls"]
            for side in (here, there):
                assert await asyncio.to_thread(call, side, "GET", url) == (200, b"leaves")

    play(pair.urls, story, "anna", "boris")
