"""A day of five people and a program on four APIs, against a real server process on both engines.

Anna has SAMA on a phone and a laptop. Boris came with his phone number and uses Tada, where he owns a
team. Clara registered with Astrak. Dora uses an application that asks Unet. Egor has everything. The
program posts with a key of the team, and listens at a webhook.
"""

import asyncio
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tertulia.cli import main
from tests.receiver import Receiver, receiving
from tests.store.postgres_server import new_database
from tests.stories.morning import (
    NAMES,
    PASSWORD,
    Boris,
    Place,
    boris_makes_a_team,
    people_register,
    registered_application,
)
from tests.stories.process import serving
from tests.world.absences import learn
from tests.world.astrak import AstrakVoice
from tests.world.sama import SamaVoice
from tests.world.tada import TadaVoice
from tests.world.unet import UnetVoice
from tests.world.voice import Refused, Room, Voice, direct
from tests.world.wires import Http

WITHIN_S = 5.0


def test_a_day_of_one_world(tmp_path: Path) -> None:
    day(tmp_path, ())


@pytest.mark.integration
def test_a_day_of_one_world_on_postgres(tmp_path: Path) -> None:
    url = asyncio.run(new_database())
    day(tmp_path, ("--database-url", url))


@pytest.mark.integration
def test_a_day_in_which_the_world_moves_to_postgres(tmp_path: Path) -> None:
    url = asyncio.run(new_database())
    day(tmp_path, (), ("--database-url", url))


pytestmark = pytest.mark.slow


def day(tmp_path: Path, store: tuple[str, ...], moves_to: tuple[str, ...] | None = None) -> None:
    """From the first registration to the last look at everything.

    Args:
        tmp_path: where everything lies.
        store: the options that say which engine it is.
        moves_to: those of the engine to which everything is moved at noon, through a backup.
    """
    outbox = tmp_path / "sms.jsonl"
    outbox.touch()
    data = tmp_path / "data"
    options = ("--sms-url", outbox.as_uri(), "--callback-allow", "127.0.0.1/32")
    application = registered_application(data, store)
    with receiving() as receiver:
        with serving(data, *options, *store) as server:
            place = Place(data, options, outbox, server, application)
            people_register(place)
            hall, key = boris_makes_a_team(place, receiver)
            tea = everybody_talks(place, hall)
            a_program_takes_part(place, hall, key, receiver)
            files_and_whispers(place, hall)
            anna_changes_devices(place, tea)
            if moves_to is not None:
                # While it still runs.
                operator("backup", tmp_path / "all.tar", "--data", data, *store)
            server.signal(signal.SIGTERM)
            assert server.status() == 0
        if moves_to is not None:
            data, store = tmp_path / "moved", moves_to
            operator("restore", tmp_path / "all.tar", "--data", data, *store)
        with serving(data, *options, *store) as server:
            place.server = server
            who_was_away_finds_everything(place, hall, key, receiver)
            some_are_offline_for_a_while(place, hall)
            clara_blocks_dora(place)
            egor_is_removed(place, tea)
            dora_leaves(place, tea)
            everybody_sees_the_same(place)
            assert '"level": "error"' not in server.log, server.log
            operator("check", "--data", data, *store)


def operator(*command: str | Path) -> None:
    """What the operator does beside the server goes well."""
    assert main([str(each) for each in command]) == 0


# Noon.


def heard_by(voice: Voice, kind: str, count: int) -> list[str]:
    """The texts of so many events of that kind; they may be on their way for a moment."""
    texts: list[str] = []
    until = monotonic() + WITHIN_S
    while len(texts) < count and monotonic() < until:
        texts += [each.text for each in voice.heard() if each.kind == kind]
    return texts


@contextmanager
def at_hand(*voices: Voice) -> Iterator[None]:
    """These clients, signed off in the end."""
    try:
        yield
    finally:
        for voice in voices:
            voice.close()


def everybody_talks(place: Place, hall: Room) -> Room:
    """In a group of SAMA's, in one of the team's, and in pairs: all hear all, at once."""
    anna, laptop = place.sama("anna"), place.sama("anna", "laptop")
    boris, clara, dora = Boris(place), place.astrak("clara"), place.unet("dora")
    sama, tada, astrak = place.sama("egor"), place.tada("egor"), place.astrak("egor")
    with at_hand(anna, laptop, boris, clara, dora, sama, tada, astrak):
        others = [place.accounts[each] for each in ("boris", "clara", "dora", "egor")]
        tea = anna.create_group("чай", others)
        boris.listen()
        tada.listen()
        listeners: tuple[Voice, ...] = (anna, laptop, boris, clara, sama, tada, astrak)
        for each in listeners:
            each.heard()
        writers: tuple[Voice, ...] = (anna, boris, clara, dora, tada)
        for number, writer in enumerate(writers):
            text = f"{writer.dialect} пишет {number}"
            said = writer.send(tea, text)
            for each in listeners:
                if each is writer and each.dialect == "sama":
                    continue
                if each.dialect == "astrak" and each.account == writer.account:
                    continue
                assert heard_by(each, "posted", 1) == [text], (writer.dialect, each.dialect)
            writer.edit(tea, said, text + "!")
            for each in (laptop, boris):
                assert heard_by(each, "edited", 1) == [text + "!"], (writer.dialect, each.dialect)
            assert dora.messages(tea)[-1].text == text + "!"
        pairs(place, anna, clara, dora, boris)
        doomed = dora.send(tea, "не то")
        dora.delete(tea, doomed)
        for each in (*listeners, dora):
            assert [one.text for one in each.messages(tea)][-1] == "tada пишет 4!", each.dialect
        assert "tada пишет 4!" not in [one.text for one in boris.messages(hall)]
    return tea


def pairs(
    place: Place, anna: SamaVoice, clara: AstrakVoice, dora: UnetVoice, boris: TadaVoice
) -> None:
    """A direct chat is one, whoever opens it and wherever it is read."""
    to = {login: direct(number) for login, number in place.accounts.items()}
    dora.send(to["clara"], "Клара, ты здесь?")
    clara.send(to["dora"], "да")
    anna.send(to["boris"], "Борис?")
    boris.send(to["anna"], "Анна!")
    assert [each.text for each in dora.messages(to["clara"])] == ["Клара, ты здесь?", "да"]
    assert [each.text for each in place.sama("dora").messages(to["clara"])] == [
        "Клара, ты здесь?",
        "да",
    ]
    # Clara is in the team, Dora is not: Tada shows their chat in the home team.
    home = place.tada("dora")
    assert [each.text for each in home.messages(to["clara"])] == ["Клара, ты здесь?", "да"]
    assert [each.text for each in anna.messages(to["boris"])] == ["Борис?", "Анна!"]
    assert heard_by(anna, "posted", 1)[-1:] == ["Анна!"]
    home.close()


def a_program_takes_part(place: Place, hall: Room, key: str, receiver: Receiver) -> None:
    """What it posts has an author in every API, and what people say reaches its webhook."""
    anna, clara = place.sama("anna"), place.astrak("clara")
    with at_hand(anna, clara):
        for each in (anna, clara):
            each.heard()
        answer = Http(place.base_url).form(
            "POST", "/api/message", {"key": key, "message": "готово"}
        )
        assert answer.json == {"ok": True}
        assert heard_by(anna, "posted", 1) == heard_by(clara, "posted", 1) == ["готово"]
        place.accounts["bot"] = anna.messages(hall)[-1].author
        author = anna.wire_id(place.accounts["bot"])
        (bot,) = anna.ask("get_users_by_ids", {"ids": [author]})["users"]
        assert bot["first_name"] == NAMES["bot"]
        anna.send(hall, "спасибо, программа")
        called = receiver.next()
        assert called.form["text"] == "спасибо, программа"
        assert called.form["sender_display_name"] == "Анна"
        assert re.fullmatch(r"d-[0-9a-f-]{36}", called.form["sender"])


def files_and_whispers(place: Place, hall: Room) -> None:
    """A file of one API is a file in all, and a whisper makes no noise anywhere."""
    egor, anna, clara = place.unet("egor"), place.sama("anna"), place.astrak("clara")
    boris = Boris(place)
    with at_hand(egor, anna, clara, boris):
        anna.read(hall)
        egor.attach(hall, "протокол.txt", "")
        for each in (anna, clara, boris):
            assert each.messages(hall)[-1].files == ("протокол.txt",), each.dialect
        anna.read(hall)
        before = {entry.room: entry.unread for entry in anna.chats()}[hall]
        egor.send(hall, "тсс", is_whisper=True)
        assert before == 0
        assert {entry.room: entry.unread for entry in anna.chats()}[hall] == 0
        for each in (anna, clara, boris):
            assert each.messages(hall)[-1].text == "тсс", each.dialect


def anna_changes_devices(place: Place, tea: Room) -> None:
    """A new password ends every other sign-in, in every API."""
    phone, clara = place.sama("anna"), place.astrak("clara")
    tada, unet, astrak = place.tada("anna"), place.unet("anna"), place.astrak("anna")
    with at_hand(phone, clara, tada, unet, astrak):
        tada.listen()
        change = {"current_password": PASSWORD, "new_password": "another-secret"}
        phone.ask("user_edit", change)
        for voice in (tada, unet, astrak):
            with pytest.raises(Refused) as refused:
                voice.chats()
            assert refused.value.status == 401, voice.dialect
        for socket in tada.sockets.values():
            assert socket.closed_with() == 1008
        with pytest.raises(Refused):
            place.astrak("anna")
        back = {"current_password": "another-secret", "new_password": PASSWORD}
        phone.ask("user_edit", back)
        laptop = place.sama("anna", "new laptop")
        clara.send(tea, "кто тут?")
        assert heard_by(laptop, "posted", 1) == ["кто тут?"]
        laptop.close()


# Evening, after the server was started anew.


def who_was_away_finds_everything(place: Place, hall: Room, key: str, receiver: Receiver) -> None:
    """Signing in anew, everybody finds what was said meanwhile, once and in order."""
    clara = place.astrak("clara")
    for number in range(3):
        clara.send(hall, f"пока вас не было {number}")
    Http(place.base_url).form("POST", "/api/message", {"key": key, "message": "и я тоже"})
    expected = [*(f"пока вас не было {number}" for number in range(3)), "и я тоже"]
    for voice in (place.sama("anna"), place.unet("egor"), Boris(place), place.astrak("egor")):
        assert [each.text for each in voice.messages(hall)][-4:] == expected, voice.dialect
        voice.close()
    while (called := receiver.next()).form["text"] != "пока вас не было 2":
        assert called.status == 200
    clara.close()


def some_are_offline_for_a_while(place: Place, hall: Room) -> None:
    """Back with the same client, each hears what was missed: in the log, on the socket, in polls."""
    boris = Boris(place)
    phone, window, polls = place.sama("anna"), place.tada("egor"), place.astrak("clara")
    with at_hand(boris, phone, window, polls):
        plan = boris.send(hall, "завтра в девять")
        window.listen()
        for each in (phone, window, polls):
            each.heard()
            each.go()
        boris.edit(hall, plan, "завтра в десять")
        boris.delete(hall, boris.send(hall, "ой"))
        call = boris.send(hall, "не опаздывайте")
        for back in (phone, window, polls):
            known = {plan: "завтра в девять"}
            learn(known, back.back())
            assert known == {plan: "завтра в десять", call: "не опаздывайте"}, back.dialect


def clara_blocks_dora(place: Place) -> None:
    """Then Dora cannot write to her, through no API, and reads what was."""
    sama = place.sama("clara")
    sama.block(place.accounts["dora"])
    clara = direct(place.accounts["clara"])
    voices = (place.sama("dora"), place.tada("dora"), place.unet("dora"), place.astrak("dora"))
    for voice in voices:
        with pytest.raises(Refused):
            voice.send(clara, "почему?")
        assert [each.text for each in voice.messages(clara)] == ["Клара, ты здесь?", "да"]
    with at_hand(sama, *voices):
        pass


def egor_is_removed(place: Place, tea: Room) -> None:
    """The group is gone from all his lists, and closed to him."""
    anna = place.sama("anna")
    voices = (place.sama("egor"), place.tada("egor"), place.unet("egor"), place.astrak("egor"))
    with at_hand(anna, *voices):
        for voice in voices:
            assert tea in {each.room for each in voice.chats()}, voice.dialect
        anna.change_members(tea, [], [place.accounts["egor"]])
        for voice in voices:
            with pytest.raises(Refused):
                voice.send(tea, "пустите")
            assert tea not in {each.room for each in voice.chats()}, voice.dialect


def dora_leaves(place: Place, tea: Room) -> None:
    """By herself; the others go on."""
    dora, anna = place.sama("dora"), place.sama("anna")
    unet, boris = place.unet("dora"), Boris(place)
    with at_hand(dora, anna, unet, boris):
        dora.leave(tea)
        with pytest.raises(Refused):
            unet.messages(tea)
        assert anna.members(tea) == {place.accounts[each] for each in ("anna", "boris", "clara")}
        anna.send(tea, "до завтра")
        assert boris.messages(tea)[-1].text == "до завтра"


def everybody_sees_the_same(place: Place) -> None:
    """Whatever the API: the same chats, and the same words in them."""
    for login in ("anna", "clara", "dora", "egor"):
        voices: list[Voice] = [
            place.sama(login),
            place.tada(login),
            place.unet(login),
            place.astrak(login),
        ]
        shown = []
        for voice in voices:
            rooms = {each.room for each in voice.chats() if each.last}
            texts = {
                room: [
                    (each.number, each.author, each.text, each.files)
                    for each in voice.messages(room)
                ]
                for room in rooms
            }
            shown.append(texts)
        for voice, texts in zip(voices, shown, strict=True):
            assert texts == shown[0], (login, voice.dialect)
        with at_hand(*voices):
            pass
