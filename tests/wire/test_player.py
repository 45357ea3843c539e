"""The player itself: it reads the page language, and it notices what a page does not tell."""

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.wire.lines import compare_answer, http
from tests.wire.pages import (
    Asks,
    Group,
    Hears,
    HungUpOn,
    Pair,
    Said,
    Sends,
    Team,
    Told,
    parse,
    split_q,
)
from tests.wire.player import PlayError, play
from tests.wire.shapes import Json, MismatchError, Names, PageError, compare, fill

HEAD = "# shout\n\nSource: nowhere.\n\n"
CAST = "Cast: anna/phone and anna/tab, boris (stock), clara (offline), dora (guest).\n\n"
TWO = "Cast: anna, boris.\n\n"
SHOUT = '```json anna sends\n{"request": {"shout": {"word": "hey"}, "id": 1}}\n```\n'
DONE = '```json anna hears\n{"response": {"id": 1, "success": true}}\n```\n'
HEARD = '```json boris hears\n{"shout": {"word": "hey", "by": "{anna}"}}\n```\n'
HERE = Path("page.md")


def compared(told: Json, heard: Json, **values: Json) -> dict[str, Json]:
    names = Names(dict(values))
    compare(told, heard, names)
    return names.values


def test_a_page_is_read_in_the_order_of_its_lines() -> None:
    page = parse(
        HEAD + CAST + "Stage: group tea of anna, boris and clara; direct chat hall of anna and "
        'boris;\nmessage m1 "good morning" by boris in tea.\n\n'
        + '```json anna/tab sends as bytes\n{"a": 1}\n{"b": 2}\n```\n'
        + '```json boris, anna/phone hear 3 times\n{"c": 3}\n```\n'
        + "```http boris sends\nPOST /login\nCookie: a=b\n\n{}\n```\n"
        + "```http boris hears\n200\nSet-Cookie: none\n\n{}\n```\n"
        + "> dora is hung up on with 1008.\n",
        HERE,
    )
    assert page.operations == ("shout",)
    assert page.cast[0].sockets == ("anna/phone", "anna/tab")
    assert [role.person for role in page.cast if role.stock] == ["boris"]
    assert [role.person for role in page.cast if role.offline] == ["clara"]
    assert page.stage == (
        Group("tea", ("anna", "boris", "clara")),
        Pair("hall", ("anna", "boris")),
        Said("m1", "good morning", "boris", "tea"),
    )
    sends, hears, asks, told, end = page.steps
    assert sends == Sends(10, "anna/tab", ({"a": 1}, {"b": 2}), as_bytes=True)
    assert hears == Hears(14, ("boris", "anna/phone"), ({"c": 3}, {"c": 3}, {"c": 3}))
    assert asks == Asks(17, "boris", "POST", "/login", (("Cookie", "a=b"),), "{}")
    assert isinstance(told, Told)
    assert end == HungUpOn(29, "dora", 1008)


@pytest.mark.parametrize(
    "text",
    [
        "no title",
        "# no source",
        HEAD + "Cast: anna (sleepy).\n",
        HEAD + "Stage: a herd of cows.\n",
        HEAD + "Settings: a_herd = cows.\n",
        HEAD + "Settings: max_body = cows.\n",
        HEAD + "```json\n{}\n```\n",
        HEAD + "```json anna, boris send\n{}\n```\n",
        HEAD + "```json anna sends\n{\n```\n",
        HEAD + "```json anna sends\n{}\n",
        HEAD + "> boris dances.\n",
    ],
)
def test_what_cannot_be_understood_is_an_error_of_the_page(text: str) -> None:
    with pytest.raises(PageError):
        parse(text, HERE)


def test_a_page_sets_what_an_operator_may_set() -> None:
    page = parse(HEAD + "Settings: sama_admin_key = hush; max_body = 2KiB.\n\n" + CAST, HERE)
    assert page.settings == {"sama_admin_key": "hush", "max_body": 2_048}


def test_names_are_learned_and_used() -> None:
    values = compared({"id": "{m1 = 24 hex}", "again": "{m1}"}, {"id": "a" * 24, "again": "a" * 24})
    assert values == {"m1": "a" * 24}
    assert fill({"ids": ["{m1}"], "n": "{n}"}, Names({**values, "n": 7})) == {
        "ids": ["a" * 24],
        "n": 7,
    }
    assert fill(["{3 times x}", "{2 ids}", "Bearer {t}"], Names({"t": "k"})) == [
        "xxx",
        [f"{1:024x}", f"{2:024x}"],
        "Bearer k",
    ]


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}),
        ({"a?": 1}, {}),
        (["a", "…"], ["a", "b", "c"]),
        (["{in any order}", "{x = 24 hex}", "a"], ["a", "b" * 24]),
        ("{date}", "2026-01-01T10:20:00.123Z"),
        ("{seconds}", 1767262800),
        ("{ms}", 1767262800000),
        ("{number}", 3),
        ("{jwt}", "a.b.c"),
        ("{date after d}", "2026-01-01T10:20:00.124Z"),
        ("{seconds of d}", 1767262801),
        ({"{who}": 0}, {"anna": 0}),
        ("v={c = url-safe}; Path=/", "v=x-Y_z; Path=/"),
    ],
)
def test_what_fits_the_page_passes(told: Json, heard: Json) -> None:
    compared(told, heard, d="2026-01-01T10:20:00.123Z", who="anna")


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, {}),
        ({"a?": 1}, {"a": 2}),
        (["a"], ["a", "b"]),
        (["{in any order}", "a", "a"], ["a", "b"]),
        (1, True),
        (1, 1.0),
        (None, 0),
        ("{24 hex}", "A" * 24),
        ("{date}", "2026-01-01T10:20:00Z"),
        ("{seconds}", 1767262800000),
        ("{seconds}", 1767262800.5),
        ("{number}", True),
        ("{date after d}", "2026-01-01T10:20:00.123Z"),
        ("{seconds of d}", 1767262800),
        ("v={url-safe}; Path=/", "v=x; Path=/; Secure"),
    ],
)
def test_what_departs_from_the_page_is_noticed(told: Json, heard: Json) -> None:
    with pytest.raises(MismatchError):
        compared(told, heard, d="2026-01-01T10:20:00.123Z")


def test_a_shape_of_the_dialect_is_compared_whole() -> None:
    names = Names(
        {"anna": "a" * 24}, {"user": {"_id": "{it}", "login": "{text}", "email?": "{text}"}}
    )
    compare("{user anna}", {"_id": "a" * 24, "login": "anna"}, names)
    with pytest.raises(MismatchError, match="password_salt"):
        compare("{user anna}", {"_id": "a" * 24, "login": "anna", "password_salt": "x"}, names)


def test_an_http_answer_has_just_the_cookies_of_the_page() -> None:
    told = Told(
        1, "anna", 200, (("Set-Cookie", "a={c = url-safe}"), ("Vary", "none")), '{"ok": true}'
    )
    names = Names()
    compare_answer(told, 200, (("set-cookie", "a=1"),), '{"ok": true}', names)
    assert names.values == {"c": "1"}
    with pytest.raises(MismatchError, match="Set-Cookie"):
        compare_answer(told, 200, (("set-cookie", "a=1"),) * 2, '{"ok": true}', Names())
    with pytest.raises(MismatchError, match="Vary"):
        compare_answer(told, 200, (("Set-Cookie", "a=1"), ("vary", "x")), '{"ok": true}', Names())


def test_work_time_may_be_left_out_and_is_looked_at_all_the_same() -> None:
    told = Told(1, "anna", 200, (), '{"ok": true}')
    compare_answer(told, 200, (), '{"_time": "2.2 ms", "ok": true}', Names())
    with pytest.raises(MismatchError, match="_time"):
        compare_answer(told, 200, (), '{"_time": "soon", "ok": true}', Names())
    exact = Told(1, "anna", 200, (), '{"_time": "3 s", "ok": true}')
    with pytest.raises(MismatchError, match="_time"):
        compare_answer(exact, 200, (), '{"_time": "2.2 ms", "ok": true}', Names())


def test_a_picture_is_not_compared() -> None:
    head = (("Content-Type", "image/png"),)
    compare_answer(Told(1, "anna", 200, (), ""), 200, head, "\ufffdPNG", Names())
    with pytest.raises(MismatchError, match="body"):
        compare_answer(Told(1, "anna", 200, (), "words"), 200, head, "\ufffdPNG", Names())


def test_of_html_the_lines_that_are_told_are_looked_for() -> None:
    head = (("Content-Type", "text/html; charset=utf-8"),)
    page = '<p>\n  <input value="a1">\n  <h1>Sign in</h1>\n</p>'
    names = Names()
    told = Told(1, "anna", 200, (), '<h1>Sign in</h1>\n\n<input value="{v = url-safe}">')
    compare_answer(told, 200, head, page, names)
    assert names.values == {"v": "a1"}
    with pytest.raises(MismatchError, match="no line like"):
        compare_answer(Told(1, "anna", 200, (), "<h1>Sign</h1>"), 200, head, page, Names())


def test_a_script_is_a_call_with_json() -> None:
    told = Told(1, "anna", 200, (), '/**/a.b({"n": "{number}"});')
    compare_answer(told, 200, (), '/**/a.b({"n":5});', Names())
    for wrong in ('/**/c({"n": 5});', '/**/a.b({"n": "x"});', '{"n": 5}'):
        with pytest.raises(MismatchError):
            compare_answer(told, 200, (), wrong, Names())


def test_a_query_may_be_json() -> None:
    assert split_q('/x?q={"a": ["{anna}"]}') == ("/x?q=", {"a": ["{anna}"]})
    assert split_q("/x?y=1&q=[1]") == ("/x?y=1&q=", [1])
    assert split_q("/x?q=%7B") == ("/x?q=%7B", None)


def test_people_of_tada_have_test_numbers_and_teams() -> None:
    cast = "Cast: anna, boris (password), clara (guest).\n\n"
    page = parse(HEAD + cast + "Stage: team club of anna, clara.\n", Path("tada/page.md"))
    numbers = [f"+7916000000{place}" for place in (1, 2, 3)]
    assert page.settings == {"sms_test_numbers": tuple((each, "1111") for each in numbers)}
    assert page.stage == (Team("club", ("anna", "clara")),)
    assert [role.by_password for role in page.cast] == [False, True, False]


def test_an_http_request_is_answered_with_every_header() -> None:
    heard: list[bytes] = []

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(b"HTTP/1.1 401 No\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n")
        writer.write(b"Content-Length: 5\r\n\r\nsorry")
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(serve_one, "127.0.0.1", 0) as server:
            host = "{}:{}".format(*server.sockets[0].getsockname())
            status, headers, body = await http(host, "POST", "/login", (("Cookie", "c=3"),), "{}")
            assert (status, body) == (401, "sorry")
            assert headers[:2] == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))

    asyncio.run(story())
    assert heard[0].startswith(b"POST /login HTTP/1.1\r\n")
    assert b"Cookie: c=3\r\n" in heard[0]
    assert heard[0].endswith(b"{}")


def played(script: str, *, manners: str = "good") -> None:
    """Play a page against a toy that passes shouts on; with bad manners it does more than that."""
    sockets: dict[ServerConnection, str] = {}

    async def deliver(packet: dict[str, Json], speaker: ServerConnection) -> None:
        for socket in sockets:
            if socket is not speaker or manners == "echoes":
                await socket.send(json.dumps(packet))

    async def talk(socket: ServerConnection) -> None:
        try:
            await converse(socket)
        finally:
            sockets.pop(socket, None)

    async def converse(socket: ServerConnection) -> None:
        async for frame in socket:
            request = json.loads(frame)["request"]
            answer: dict[str, Json] = {"id": request["id"]}
            match request:
                case {"ping": _}:
                    answer["pong"] = {}
                case {"user_create": {"login": login}}:
                    answer["user"] = {"_id": f"{login:0>24}"}
                case {"user_login": {"login": login}}:
                    sockets[socket] = f"{login:0>24}"
                    answer["token"] = "a.b.c"
                case {"leave": _}:
                    await socket.close(4000)
                    return
                case _:
                    answer["success"] = True
            await socket.send(json.dumps({"response": answer}))
            if "shout" in request:
                await deliver({"shout": {**request["shout"], "by": sockets[socket]}}, socket)

    async def story() -> None:
        async with serve(talk, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await play(parse(HEAD + TWO + script, HERE), f"http://127.0.0.1:{port}", {})

    asyncio.run(story())


def test_a_page_that_is_true_passes() -> None:
    played(SHOUT + DONE + "> anna hears nothing.\n\n" + HEARD + "> Nobody hears anything.\n")


def test_a_packet_the_page_does_not_tell_is_a_failure() -> None:
    with pytest.raises(PlayError, match=r"page.md:10: before this line boris also heard"):
        played(SHOUT + DONE)
    with pytest.raises(PlayError, match=r"page.md:13: before this line boris also heard"):
        played(SHOUT + DONE + "> boris hears nothing.\n" + HEARD)
    with pytest.raises(PlayError, match="before this line anna also heard"):
        played(SHOUT + DONE + HEARD, manners="echoes")


def test_an_untold_packet_is_noticed_before_the_next_act() -> None:
    with pytest.raises(PlayError, match=r"page.md:13: before this line boris also heard"):
        played(SHOUT + DONE + SHOUT + DONE + HEARD)


def test_what_might_be_heard_may_be_missing() -> None:
    played(SHOUT + DONE + HEARD.replace("hears", "may hear"))
    played(SHOUT + DONE + HEARD + HEARD.replace("hears", "may hear"))


def test_people_come_and_go() -> None:
    played(
        "> boris hangs up.\n> boris opens a socket.\n"
        + SHOUT
        + DONE
        + "> boris hears nothing.\n> anna/tab signs in.\n"
        + SHOUT.replace("anna", "anna/tab")
        + DONE.replace("anna", "anna/tab")
        + HEARD.replace("boris", "anna")
    )


def test_the_server_may_be_told_to_hang_up() -> None:
    leave = '```json anna sends\n{"request": {"leave": {}, "id": 1}}\n```\n'
    played(leave + "> anna is hung up on with 4000.\n")
    with pytest.raises(PlayError, match="hung up on with 4000"):
        played(leave + "> anna is hung up on with 1008.\n")
    with pytest.raises(PlayError, match="anna was hung up on"):
        played(leave + DONE)
