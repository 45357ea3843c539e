"""Dialogs as they look when other APIs have a hand in them."""

import asyncio

from tertulia.core.ids import MessageId, SessionId
from tertulia.core.message_model import Attachment, Draft, ReadMark
from tertulia.core.model import ChatChange, ChatKind, NewFile, NewGroup
from tertulia.dialects.astrak.pages import Pages, Place
from tests.astrak.bots import Person, town

LIMIT = 50


async def dialogs(person: Person, **fields: object) -> list[dict[str, object]]:
    found = (await person.done("/messages/dialogs", **fields))["response"]
    assert isinstance(found, list)
    return found


def described(attachment: dict[str, object]) -> dict[str, object]:
    """An attachment without its address, which is another one every second."""
    return {name: value for name, value in attachment.items() if name != "url"}


def test_notices_are_neither_shown_nor_counted() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris, clara = await here.people("anna", "boris", "clara")
            chats = here.server.core.chats
            tea = (await chats.open_group(anna.actor, NewGroup("tea", (boris.id,)), LIMIT)).id
            await anna.say(tea, "hola")
            await chats.change(anna.actor, tea, ChatChange(add=(clara.id,)), LIMIT)
            (entry,) = await dialogs(boris)
            assert (entry["last_message"], entry["unread_count"]) == ("hola", 1)
            page = await boris.done("/messages/dialog", id=tea)
            assert [message["text"] for message in page["response"]] == ["hola"]
            (entry,) = await dialogs(boris)
            assert entry["unread_count"] == 0
            assert (await boris.done("/messages/read", id=tea))["unread_count"] == 0

    asyncio.run(story())


def test_who_answers_has_read() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            await anna.say(boris, "one")
            await anna.say(boris, "two")
            await boris.say(anna, "three")
            (entry,) = await dialogs(boris)
            assert entry["unread_count"] == 0
            kinds = {event["type"] for event in await anna.events()}
            assert kinds == {"new_message", "message_read"}

    asyncio.run(story())


def test_read_marks_of_other_apis_count() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            one = MessageId(await anna.say(boris, "one"))
            chat = await here.server.core.chats.open_direct(boris.actor, anna.id, NewGroup("", ()))
            await here.server.core.messages.mark_read(boris.actor, ReadMark(chat.id, (one,)))
            (entry,) = await dialogs(boris)
            assert entry["unread_count"] == 0
            page = await anna.done("/messages/dialog", id=boris.id)
            assert page["response"][0]["read"] is True

    asyncio.run(story())


def test_only_older_messages_are_read_with_a_page() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            sent = [await anna.say(boris, str(number)) for number in range(6)]
            await boris.done("/messages/dialog", id="anna", limit=2, before_id=sent[4])
            (entry,) = await dialogs(boris)
            assert entry["unread_count"] == 2
            page = await boris.done("/messages/dialog", id="anna", mark_read=0)
            assert [message["read"] for message in page["response"]] == [True] * 4 + [False] * 2

    asyncio.run(story())


def test_a_page_may_end_at_a_number_that_nothing_can_have() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            sent = [await anna.say(boris, str(number)) for number in range(3)]
            for number in (2**31 - 1, 2**53 - 1, 2**53, 2**64, 10**30):
                page = {"id": "anna", "mark_read": 0}
                before = await boris.done("/messages/dialog", **page, before_id=number)
                after = await boris.done("/messages/dialog", **page, after_id=number)
                found = [
                    [each["message_id"] for each in said["response"]] for said in (before, after)
                ]
                assert found == ([sent, []] if number > sent[-1] else [[], sent])

    asyncio.run(story())


def test_a_channel_is_a_group_that_not_everybody_writes_in() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            new = NewGroup("news", (boris.id,))
            news = await here.server.core.chats.open_channel(anna.actor, new)
            assert news.kind is ChatKind.CHANNEL
            await anna.say(news.id, "headline")
            (entry,) = await dialogs(boris)
            assert (entry["type"], entry["username"]) == ("group", "news")
            assert entry["unread_count"] == 0
            page = await boris.done("/messages/dialog", id=news.id)
            assert [message["text"] for message in page["response"]] == ["headline"]
            assert (await boris.done("/messages/read", id=news.id))["unread_count"] == 0
            answer = await boris.ask("/messages/send", to=news.id, text="me too")
            assert answer.code == -13

    asyncio.run(story())


def test_what_nobody_here_can_read_is_not_shown() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            core = here.server.core
            secret = NewGroup("", (), encrypted=True)
            vault = await core.chats.open_direct(anna.actor, boris.id, secret)
            sent = await core.messages.send(anna.actor, Draft(vault.id, "x8!", cipher=1))
            assert await dialogs(boris) == []
            assert (await boris.done("/messages/dialog", id="anna"))["response"] == []
            for path in ("/messages/delete", "/messages/edit"):
                answer = await anna.ask(path, message_id=sent.message.id, text="y")
                assert answer.code == -12
            assert (await boris.ask("/messages/dialog", id=vault.id)).code == -11
            assert await boris.events() == []

    asyncio.run(story())


def test_files_have_an_address_that_works() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            core = here.server.core
            (file,) = await core.files.create(anna.actor, [NewFile("leaf.png", "image/png", 5)])
            upload = core.files.links.upload(file.id).removeprefix(here.base_url)
            assert (await here.request("PUT", upload, b"dried")).status == 200
            chat = await core.chats.open_direct(anna.actor, boris.id, NewGroup("", ()))
            given = Attachment(file_id=file.id, name="leaf.png")
            elsewhere = Attachment(url="https://example.org/a", name="a")
            draft = Draft(chat.id, "", attachments=(given, elsewhere))
            await core.messages.send(anna.actor, draft)
            (entry,) = await dialogs(boris)
            assert entry["last_message"] == "leaf.png"
            page = (await boris.done("/messages/dialog", id="anna"))["response"]
            ((first, second),) = [message["attachments"] for message in page]
            assert (first["name"], first["size"], first["content_type"]) == (
                "leaf.png", 5, "image/png",
            )  # fmt: skip
            assert first["url"].startswith(here.base_url)
            answer = await here.request("GET", first["url"].removeprefix(here.base_url))
            assert answer.body == b"dried"
            assert second["url"] == "https://example.org/a"
            (event,) = await boris.events()
            assert [described(each) for each in event["event"]["attachments"]] == [
                described(first), described(second),
            ]  # fmt: skip
            assert event["event"]["text"] == ""

    asyncio.run(story())


def test_a_page_of_dialogs_ends_where_it_was_asked_to_and_the_next_goes_on_there() -> None:
    async def story() -> None:
        async with town() as here:
            anna, *others = await here.people("anna", *(f"p{number}" for number in range(6)))
            for other in others:
                await other.say(anna, "hola")
            whole = await dialogs(anna)
            assert [entry["username"] for entry in whole] == [each.name for each in others[::-1]]
            # All of them came within a second or two, and a time names a whole second.
            paged = page = await dialogs(anna, limit=2)
            while page:
                assert len(page) == 2
                page = await dialogs(anna, limit=2, before=page[-1]["time"])
                paged = paged + page
            assert paged == whole

    asyncio.run(story())


def test_a_page_whose_answer_was_lost_comes_again() -> None:
    """Two of these four were active in the same second, and a page ends between them."""
    places = [Place(3_000, 1), Place(2_500, 2), Place(2_100, 3), Place(1_000, 4)]
    pages, me = Pages(), SessionId(1)

    def page(before: int | None) -> list[int]:
        cut = pages.cut(me, places, lambda place: place, 2, before)
        return [each.number for each in cut]

    assert page(None) == page(None) == [1, 2]
    assert page(2) == page(2) == [3, 4]
    assert page(1) == page(1) == []


def test_before_a_time_is_before_it_for_who_has_read_no_page_up_to_there() -> None:
    async def story() -> None:
        async with town() as here:
            anna, *others = await here.people("anna", *(f"p{number}" for number in range(4)))
            for other in others:
                await other.say(anna, "hola")
            newest = (await dialogs(anna))[0]["time"]
            laptop = await here.signed_in(anna.id, anna.name)
            await dialogs(laptop, limit=1)
            found = await dialogs(anna, before=newest)
            assert all(int(str(entry["time"])) < int(str(newest)) for entry in found)

    asyncio.run(story())
