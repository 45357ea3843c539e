"""Two and more people talk, with clients that are not ours."""

import asyncio
import json
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from tests.stories.people import Client, Packet, Refused, Town, in_town

NOBODY = "0" * 24


def test_two_people_sign_up_open_a_chat_write_read_edit_and_delete() -> None:
    async def story(town: Town) -> None:
        anna, boris = await town.comes("anna"), await town.comes("boris")
        hall = await town.private(anna, "boris")
        created = await boris.hears("system_message")
        assert created["x"]["conversation_created"]["_id"] == hall

        acknowledged = await anna.say(hall, "hola", "m-1")
        heard = await boris.hears("message")
        assert (heard["body"], heard["from"]) == ("hola", town.ids["anna"])
        assert (heard["_id"], heard["t"]) == (acknowledged["server_mid"], acknowledged["t"])
        assert await boris.unread(hall) == 1

        await boris.ask("message_read", {"cid": hall, "ids": [heard["_id"]]})
        read = await anna.hears("message_read")
        assert read == {"cid": hall, "ids": [heard["_id"]], "from": town.ids["boris"]}
        assert await boris.unread(hall) == 0

        reply = await boris.say(hall, "hola!")
        assert (await anna.hears("message"))["_id"] == reply["server_mid"]
        await anna.ask("message_edit", {"id": heard["_id"], "body": "buenas"})
        assert (await boris.hears("message_edit"))["body"] == "buenas"
        assert await boris.bodies(hall) == ["buenas", "hola!"]

        await anna.ask("message_delete", {"cid": hall, "ids": [heard["_id"]], "type": "all"})
        assert (await boris.hears("message_delete"))["ids"] == [heard["_id"]]
        assert await anna.bodies(hall) == await boris.bodies(hall) == ["hola!"]
        assert await anna.heard() == await boris.heard() == []

    in_town(story, "anna", "boris")


def test_who_asks_for_messages_by_name_gets_them_all() -> None:
    async def story(town: Town) -> None:
        anna = await town.comes("anna")
        hall = await town.private(anna, "boris")
        said = [(await anna.say(hall, str(number)))["server_mid"] for number in range(35)]
        # The web client takes for deleted what it asked for and did not get.
        listed = (await anna.ask("message_list", {"cid": hall, "ids": said}))["messages"]
        assert [each["_id"] for each in listed] == said[::-1]
        few = await anna.ask("message_list", {"cid": hall, "ids": said, "limit": 3})
        assert [each["_id"] for each in few["messages"]] == said[:-4:-1]
        unnamed = await anna.ask("message_list", {"cid": hall})
        assert len(unnamed["messages"]) == 30

    in_town(story, "anna", "boris")


def test_what_is_said_in_one_breath_stays_in_order() -> None:
    async def story(town: Town) -> None:
        anna, boris = await town.comes("anna"), await town.comes("boris")
        tea = await town.group(anna, "boris")
        first = await anna.say(tea, "first")
        picture = [{"file_url": "https://pictures.example/a.png", "file_name": "a.png"}]
        kinds: list[Packet] = [
            {},
            {"attachments": picture},
            {"replied_message_id": first["server_mid"]},
            {"x": {"a": 1}},
        ]
        said = [
            {"id": f"r{number}", "cid": tea, "body": str(number), **kinds[number * 7 % 11 % 4]}
            for number in range(40)
        ]
        await anna.send_together([{"message": each} for each in said])
        acknowledged: list[str] = []
        while len(acknowledged) < len(said):
            packet = await anna.receive()
            assert "error" not in packet.get("message", {})
            if "ask" in packet:
                acknowledged.append(packet["ask"]["mid"])
        assert acknowledged == [each["id"] for each in said]
        assert await boris.bodies(tea) == ["first", *(each["body"] for each in said)]

    in_town(story, "anna", "boris")


def test_who_comes_back_finds_what_was_written_meanwhile() -> None:
    async def story(town: Town) -> None:
        anna, boris = await town.comes("anna"), await town.comes("boris")
        tea = await town.group(anna, "boris")
        first = await anna.say(tea, "one")
        await boris.heard()
        last_seen = (await boris.ask("message_list", {"cid": tea}))["messages"][0]["created_at"]
        await boris.hang_up()

        for body in ("two", "three", "four"):
            await anna.say(tea, body)
        await anna.ask("message_edit", {"id": first["server_mid"], "body": "one, edited"})

        boris = await town.comes("boris")
        assert await boris.unread(tea) == 4
        missed = await boris.ask("message_list", {"cid": tea, "updated_at": {"gt": last_seen}})
        bodies = [each["body"] for each in missed["messages"]]
        assert bodies == ["two", "three", "four", "one, edited"]
        assert await boris.bodies(tea) == ["one, edited", "two", "three", "four"]
        await anna.say(tea, "five")
        packets = [packet for packet in await boris.heard() if "message" in packet]
        assert [packet["message"]["body"] for packet in packets] == ["five"]

    in_town(story, "anna", "boris")


def test_every_socket_of_a_person_hears_but_the_one_that_spoke() -> None:
    async def story(town: Town) -> None:
        tab, other_tab = await town.comes("anna", "pc"), await town.comes("anna", "pc")
        phone, boris = await town.comes("anna", "phone"), await town.comes("boris")
        tea = await town.group(tab, "boris")
        for each in (tab, other_tab, phone, boris):
            await each.heard()
        acknowledged = await other_tab.say(tea, "hi")
        assert await other_tab.heard() == []
        heard = [await each.hears("message") for each in (tab, phone, boris)]
        assert [each["_id"] for each in heard] == [acknowledged["server_mid"]] * 3
        await phone.hang_up()
        await boris.say(tea, "hi both")
        for each in (tab, other_tab):
            assert (await each.hears("message"))["body"] == "hi both"

    in_town(story, "anna", "boris")


def test_signing_out_on_a_device_silences_all_its_sockets_and_no_other() -> None:
    async def story(town: Town) -> None:
        tab, other_tab = await town.comes("anna", "pc"), await town.comes("anna", "pc")
        phone, boris = await town.comes("anna", "phone"), await town.comes("boris")
        tea = await town.group(phone, "boris")
        for each in (tab, other_tab, phone, boris):
            await each.heard()
        # What is asked right behind the sign-out is answered, but no longer served.
        for ref, name in ((1, "user_logout"), (2, "conversation_list"), (3, "ping")):
            await tab.send({"request": {name: {}, "id": ref}})
        assert (await tab.answer_to(1))["success"] is True
        with pytest.raises(Refused) as refused:
            await tab.answer_to(2)
        assert refused.value.status == 401
        await tab.answer_to(3)
        await boris.say(tea, "hi")
        assert (await phone.hears("message"))["body"] == "hi"
        for each in (tab, other_tab):
            assert await each.heard() == []
            with pytest.raises(Refused):
                await each.ask("conversation_list", {})
        await town.signs_in(tab, "anna", "pc")
        await boris.say(tea, "again")
        assert (await tab.hears("message"))["body"] == "again"

    in_town(story, "anna", "boris")


def test_another_persons_token_turns_the_socket_over() -> None:
    async def story(town: Town) -> None:
        socket, other, boris = await town.client(), await town.client(), await town.comes("boris")
        await town.signs_in(socket, "anna")
        token = await town.signs_in(other, "clara")
        await other.hang_up()
        with_anna = await town.group(boris, "anna", name="with anna")
        with_clara = await town.group(boris, "clara", name="with clara")
        await socket.heard()
        await socket.ask("connect", {"token": token, "device_id": "phone"})
        await boris.say(with_anna, "to anna")
        await boris.say(with_clara, "to clara")
        heard = [packet["message"]["body"] for packet in await socket.heard()]
        assert heard == ["to clara"]
        with pytest.raises(Refused) as refused:
            await socket.say(with_anna, "I am not anna")
        assert refused.value.status == 403
        said = await socket.say(with_clara, "I am clara")
        messages = (await boris.ask("message_list", {"cid": with_clara}))["messages"]
        assert messages[0]["_id"] == said["server_mid"]
        assert messages[0]["from"] == town.ids["clara"]
        activity = await boris.ask("user_last_activity", {"ids": [town.ids["anna"]]})
        assert activity["last_activity"][town.ids["anna"]] != "online"

    in_town(story, "anna", "boris", "clara")


def test_a_dead_token_leaves_the_socket_as_it_was() -> None:
    async def story(town: Town) -> None:
        anna = await town.comes("anna")
        with pytest.raises(Refused) as refused:
            await anna.ask("connect", {"token": "nonsense", "device_id": "phone"})
        assert refused.value.status == 422
        await anna.ask("conversation_list", {})

    in_town(story, "anna")


def test_a_socket_that_closes_while_it_signs_in_leaves_nobody_behind() -> None:
    async def story(town: Town) -> None:
        boris = await town.comes("boris")
        for _ in range(5):
            client = await town.client()
            params = {"login": "anna", "password": "anna-secret", "device_id": "phone"}
            await client.send({"request": {"user_login": params, "id": 1}})
            client.socket.transport.abort()
        target = town.ids["anna"]
        for _ in range(20):
            await boris.ask("ping", {})
            # The password is checked in a thread: a sign-in of boris' own is behind the others.
            await town.signs_in(boris, "boris")
        activity = await boris.ask("user_last_activity", {"ids": [target]})
        assert activity["last_activity"][target] != "online"

    in_town(story, "anna", "boris")


def test_requests_sent_together_are_answered_in_order() -> None:
    async def story(town: Town) -> None:
        anna, boris = await town.comes("anna"), await town.comes("boris")
        tea = await town.group(anna, "boris")
        expected: list[object] = []
        for number in range(150):
            match number % 6:
                case 0 | 1 | 2:
                    await anna.send({"message": {"id": f"m{number}", "cid": tea, "body": "hi"}})
                    expected.append(f"m{number}")
                case 3:
                    await anna.socket.send("{half a packet")
                    expected.append(None)
                case 4:
                    await anna.send({"request": {"message_list": {"cid": tea}, "id": number}})
                    expected.append(number)
                case _:
                    await anna.send({"message": {"id": f"m{number}", "cid": NOBODY, "body": "hi"}})
                    expected.append(f"m{number}")
        answered: list[object] = []
        lengths: list[int] = []
        while len(answered) < len(expected):
            packet = await anna.receive()
            (content,) = [packet[key] for key in ("ask", "message", "response") if key in packet]
            answered.append(content.get("mid", content.get("id")))
            if "messages" in content:
                lengths.append(len(content["messages"]))
        assert answered == expected
        # Each list stands where it was asked for: it shows what was sent before, and nothing later.
        assert lengths[:9] == [3, 6, 9, 12, 15, 18, 21, 24, 27]
        assert len(await boris.bodies(tea)) == 75

    in_town(story, "anna", "boris")


@pytest.mark.slow
def test_thousands_of_bad_requests_behind_a_slow_one_are_all_answered() -> None:
    async def story(town: Town) -> None:
        client = await town.client()
        # A large frame first: from now on the server reads in large pieces.
        await client.socket.send("x" * 900_000)
        assert (await client.receive())["response"]["error"]["status"] == 400
        params = {"login": "clara", "password": "secret"}
        await client.send({"request": {"user_create": params, "id": 0}})
        for number in range(1, 3_001):
            await client.send({"request": {}, "id": number})
        assert (await client.answer_to(0))["user"]["login"] == "clara"
        for _ in range(3_000):
            assert (await client.receive())["response"]["error"]["status"] == 400
        await client.ask("ping", {})

    in_town(story)


@pytest.mark.slow
def test_many_clients_that_repeat_one_id_and_one_text_lose_nothing() -> None:
    groups, rounds = 10, 3

    async def story(town: Town) -> None:
        logins = [f"user{number}" for number in range(groups * 4)]
        await town.settle(*logins)
        clients = await asyncio.gather(*(town.comes(login) for login in logins))
        chats: dict[str, list[Client]] = {}
        for start in range(0, len(clients), 4):
            chat = await town.group(clients[start], *logins[start + 1 : start + 4])
            chats[chat] = clients[start : start + 4]
        for client in clients:
            await client.heard()

        async def talk(client: Client, chat: str) -> list[str]:
            return [(await client.say(chat, "hi", "same"))["server_mid"] for _ in range(rounds)]

        acknowledged = await asyncio.gather(
            *(talk(client, chat) for chat, members in chats.items() for client in members)
        )
        assert len({each for ids in acknowledged for each in ids}) == groups * 4 * rounds
        for members in chats.values():
            for client in members:
                heard = await client.heard()
                assert len(heard) == 3 * rounds
                assert len({packet["message"]["_id"] for packet in heard}) == 3 * rounds
        for chat, members in chats.items():
            assert await members[0].bodies(chat) == ["hi"] * 4 * rounds

    in_town(story)


@pytest.mark.slow
def test_a_reader_who_does_not_read_is_closed_and_the_others_hear_everything() -> None:
    # More than the buffers of two kernels and of the server.
    body, told = "x" * 60_000, 200

    async def story(town: Town) -> None:
        anna, boris = await town.comes("anna"), await town.comes("boris")
        clara = await town.comes("clara", max_queue=1)
        tea = await town.group(anna, "boris", "clara")
        await boris.heard()
        clara.socket.transport.pause_reading()
        for _ in range(told):
            await anna.say(tea, body)
        for _ in range(told):
            assert (await boris.hears("message"))["body"] == body
        clara.socket.transport.resume_reading()
        assert await clara.close_code() == 1013
        clara = await town.comes("clara")
        assert await clara.unread(tea) == told

    in_town(story, "anna", "boris", "clara")


@pytest.mark.slow
def test_a_client_that_asks_and_never_reads_is_closed() -> None:
    async def story(town: Town) -> None:
        anna, boris = await town.comes("anna", max_queue=1), await town.comes("boris")
        tea = await town.group(anna, "boris")
        for _ in range(20):
            await anna.say(tea, "x" * 40_000)
        anna.socket.transport.pause_reading()
        request = json.dumps({"request": {"message_list": {"cid": tea}, "id": 1}})

        async def flood() -> None:
            with suppress(ConnectionClosed):
                for _ in range(200):
                    await anna.socket.send(request)

        await flood()
        anna.socket.transport.resume_reading()
        assert await anna.close_code() == 1013
        await boris.ask("ping", {})

    in_town(story, "anna", "boris")
