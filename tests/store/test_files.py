"""Files: who sees them, what they stand in, and when they are forgotten."""

import asyncio

from tertulia.core.errors import NotFound
from tertulia.core.files import UNCLAIMED_MS
from tertulia.core.ids import FileId
from tertulia.core.message_model import Attachment, Draft, Message
from tertulia.core.model import (
    Actor,
    Chat,
    ChatChange,
    File,
    NewFile,
    NewGroup,
    Picture,
    ProfileChange,
)
from tertulia.store.files import SqlFiles
from tests.store.world import START, InStore, World

POT = NewFile("pot.png", "image/png", 9)


async def new(world: World, maker: Actor) -> File:
    (made,) = await SqlFiles(world.engine).add(maker.account_id, [POT], world.now)
    return made


async def sees(world: World, actor: Actor, file: File) -> bool:
    found = await SqlFiles(world.engine).visible(actor.account_id, [file.id])
    assert found in ([], [file])
    return bool(found)


async def attach(world: World, actor: Actor, chat: Chat, *files: File) -> Message:
    draft = Draft(chat.id, "see", attachments=tuple(Attachment(file_id=f.id) for f in files))
    return (await world.messages.append(actor, draft, world.now)).message


def picture(file: File) -> Picture:
    return Picture("as given", file_id=file.id)


def test_a_file_is_its_makers_until_it_stands_somewhere(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        file = await new(world, anna)
        assert file.name == "pot.png"
        assert file.uploaded_at is None
        assert await SqlFiles(world.engine).find(file.id) == file
        assert await sees(world, anna, file)
        assert not await sees(world, boris, file)

    in_store(story)


def test_who_sees_a_message_sees_its_files(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        chat = await world.group(anna, boris, dora)
        file = await new(world, anna)
        message = await attach(world, anna, chat, file)
        assert await sees(world, boris, file)
        assert not await sees(world, clara, file)
        await world.hide(boris, message)
        assert not await sees(world, boris, file)
        await world.chats.leave(dora, chat.id, world.now)
        assert not await sees(world, dora, file)

    in_store(story)


def test_a_message_deleted_for_all_takes_its_files_along(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        file = await new(world, anna)
        first, second = [await attach(world, anna, chat, file) for _ in range(2)]
        await world.delete(anna, first)
        assert await sees(world, boris, file)
        await world.delete(anna, second)
        assert not await sees(world, boris, file)
        assert await sees(world, anna, file)

    in_store(story)


def test_files_of_a_chat_that_is_gone_are_their_makers_alone(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        file, image = await new(world, anna), await new(world, anna)
        await attach(world, anna, chat, file)
        await world.chats.change(anna, chat.id, ChatChange(picture=picture(image)), 50, world.now)
        assert await sees(world, boris, image)
        await world.chats.leave(anna, chat.id, world.now)
        await world.chats.leave(boris, chat.id, world.now)
        for each in (file, image):
            assert not await sees(world, boris, each)
            assert await sees(world, anna, each)

    in_store(story)


def test_a_foreign_file_cannot_be_attached_and_harms_nobody_elses_message(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        file = await new(world, anna)
        nobodys = File(FileId(7), anna.account_id, "", "", 1, 1)
        outcomes = await asyncio.gather(
            attach(world, boris, chat, file),
            attach(world, boris, chat, nobodys),
            attach(world, anna, chat, file),
            return_exceptions=True,
        )
        refusals = [each for each in outcomes if isinstance(each, NotFound)]
        assert [each.kind for each in refusals] == ["file", "file"]
        assert len(await world.history(boris, chat.id)) == 1

    in_store(story)


def test_a_message_makes_the_files_it_names(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        named = Attachment(name="a", content_type="b", size_bytes=5, is_to_make=True)
        draft = Draft(chat.id, "", "ref", attachments=(named, named))
        sent, again = [await world.messages.append(anna, draft, world.now) for _ in range(2)]
        assert not again.is_new
        assert again.message == sent.message
        assert [each.message for each in await world.history(boris, chat.id)] == [sent.message]
        one, other = (each.file_id for each in sent.message.attachments)
        assert one is not None
        assert one != other
        made = await SqlFiles(world.engine).find(one)
        assert made == File(one, anna.account_id, "a", "b", 5, START)
        assert await sees(world, boris, made)

    in_store(story)


def test_measures_are_filled_in_where_none_are_given(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        file = await new(world, anna)
        files = SqlFiles(world.engine)
        await files.note_uploaded(file.id, (40, 30), START + 1)
        await files.note_uploaded(file.id, (1, 1), START + 2)
        found = await files.find(file.id)
        assert found is not None
        assert (found.uploaded_at, found.width, found.height) == (START + 1, 40, 30)
        given = (Attachment(file_id=file.id), Attachment(file_id=file.id, width=4, height=3))
        sent = await world.messages.append(anna, Draft(chat.id, "", attachments=given), world.now)
        assert [(each.width, each.height) for each in sent.message.attachments] == [
            (40, 30),
            (4, 3),
        ]

    in_store(story)


def test_everybody_sees_the_pictures_of_accounts_and_members_those_of_groups(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna, boris, clara = await world.people("anna", "boris", "clara")
        face, image, later = [await new(world, anna) for _ in range(3)]
        change = ProfileChange(picture=picture(face))
        account = await world.accounts.change(anna, change, None, world.now)
        assert account.picture == picture(face)
        card = NewGroup("tea", (boris.account_id,), picture=picture(image))
        chat = await world.chats.open_group(anna, card, 50, world.now)
        assert chat.picture == picture(image)
        assert await sees(world, clara, face)
        assert await sees(world, boris, image)
        assert not await sees(world, clara, image)
        await world.chats.change(anna, chat.id, ChatChange(picture=picture(later)), 50, world.now)
        assert not await sees(world, boris, image)
        assert await sees(world, boris, later)
        await world.accounts.remove(anna, world.now)
        assert not await sees(world, clara, face)

    in_store(story)


def test_a_foreign_file_as_ones_own_picture_opens_it_to_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        file = await new(world, anna)
        change = ProfileChange(picture=picture(file))
        changed = await world.accounts.change(boris, change, None, world.now)
        assert changed.picture == Picture("as given")
        assert not await sees(world, boris, file)

    in_store(story)


def test_a_foreign_file_as_the_picture_of_a_group_opens_it_to_nobody(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        file = await new(world, anna)
        card = NewGroup("tea", (anna.account_id,), picture=picture(file))
        group = await world.chats.open_group(boris, card, 50, world.now)
        assert group.picture == Picture("as given")
        assert not await sees(world, boris, file)

    in_store(story)


def test_what_is_never_uploaded_goes_unless_something_uses_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna, boris = await world.people("anna", "boris")
        chat = await world.group(anna, boris)
        unused, sent, worn, there = [await new(world, anna) for _ in range(4)]
        files = SqlFiles(world.engine)
        await attach(world, anna, chat, sent)
        await world.accounts.change(anna, ProfileChange(picture=picture(worn)), None, world.now)
        await files.note_uploaded(there.id, None, world.now)
        assert await files.forget_unclaimed(START, 100) == []
        assert await files.forget_unclaimed(START + UNCLAIMED_MS, 100) == [unused.id]
        assert await files.find(unused.id) is None
        for each in (sent, worn, there):
            assert await files.find(each.id) is not None

    in_store(story)
