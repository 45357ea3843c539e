"""`tertulia backup`, `restore` and `check`, as an operator uses them."""

import asyncio
import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest
from typing_extensions import override

from tertulia import __version__
from tertulia.adapters.backup_file import MANIFEST, Manifest
from tertulia.adapters.files_disk import DiskFiles
from tertulia.cli import main
from tertulia.cli.progress import Progress
from tertulia.core.model import NewFile
from tertulia.store.files import SqlFiles
from tertulia.store.migrate import newest_step
from tests.bucket_server import new_url
from tests.store.world import START, World, in_file, tell

SHORT = bytes(range(256)) * 9
LONG = random.Random(4).randbytes(3 << 20)  # noqa: S311 - any bytes will do

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `tertulia …`: status, output, complaint."""

    def run(*argv: str | Path) -> tuple[int, str, str]:
        status = main([str(each) for each in argv])
        heard = capsys.readouterr()
        return status, heard.out, heard.err

    return run


async def few_things(world: World, folder: Path) -> None:
    """Two people, a chat, and three files, of which one was announced only."""
    anna, boris = await world.people("anna", "boris")
    chat = await world.group(anna, boris)
    await world.post(anna, chat.id, "привет")
    records, disk = SqlFiles(world.engine), DiskFiles(folder / "files", lambda: START / 1_000)
    disk.open_folder()
    contents = {"short": SHORT, "long": LONG, "never": b"x"}
    new = [NewFile(name, "text/plain", len(content)) for name, content in contents.items()]
    for file in (await records.add(anna.account_id, new, world.now))[:2]:
        upload = await disk.begin(file.id)
        await upload.write(contents[file.name])
        await upload.keep()
        await records.note_uploaded(file.id, None, world.now)
    await disk.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a small server that does not run."""
    folder = tmp_path / "data"

    async def story(world: World) -> None:
        await few_things(world, folder)

    asyncio.run(tell(story, in_file(folder / "tertulia.db")))
    return folder


def change(folder: Path, sql: str) -> None:
    """Change the store behind everybody's back."""
    connection = apsw.Connection(str(folder / "tertulia.db"))
    connection.execute(sql)
    connection.close()


def uploads(folder: Path) -> dict[str, bytes]:
    """The files of a data folder."""
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in (folder / "files").rglob("*")
        if each.is_file()
    }


def kept(folder: Path) -> list[tuple[object, ...]]:
    """Every row of its store, table by table."""
    connection = apsw.Connection(str(folder / "tertulia.db"))
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    found = [
        (name, *row)
        for (name,) in names.fetchall()
        for row in sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608 - names of our own schema
    ]
    connection.close()
    return found


def test_what_was_backed_up_is_there_again(tmp_path: Path, data: Path, run: Run) -> None:
    file, other = tmp_path / "tertulia.tar", tmp_path / "other"
    status, out, err = run("backup", file, "--data", data)
    assert (status, err) == (0, "")
    assert out.startswith(f"{file} holds ")
    assert out.endswith(" and 2 files, 3.0 MiB.\n")
    assert file.stat().st_mode & 0o077 == 0
    status, out, err = run("restore", file, "--data", other)
    assert (status, err) == (0, "")
    assert out.startswith("Restored ")
    assert " and 2 files from the backup of 20" in out
    assert kept(other) == kept(data)
    assert uploads(other) == uploads(data)
    assert sorted(uploads(other).values(), key=len) == [SHORT, LONG]
    assert (other / "tertulia.db").stat().st_mode & 0o077 == 0
    status, out, err = run("check", "--data", other)
    assert (status, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines()} == {"ok"}


def test_it_does_not_matter_whether_a_server_runs(tmp_path: Path, run: Run) -> None:
    data, file, other = tmp_path / "data", tmp_path / "tertulia.tar", tmp_path / "other"

    async def story(world: World) -> None:
        await few_things(world, data)
        # The store is open and locked, as a server has it, and all is still in its log.
        assert (await asyncio.to_thread(run, "check", "--data", data))[0] == 0
        assert (await asyncio.to_thread(run, "backup", file, "--data", data))[0] == 0

    asyncio.run(tell(story, in_file(data / "tertulia.db")))
    assert run("restore", file, "--data", other)[0] == 0
    without_counter = [
        [row for row in kept(each) if row[0] != "counters"] for each in (data, other)
    ]
    assert without_counter[0] == without_counter[1]


def test_other_programs_can_open_it(tmp_path: Path, data: Path, run: Run) -> None:
    file = tmp_path / "tertulia.tar"
    run("backup", file, "--data", data)
    with tarfile.open(file) as tar:
        names = tar.getnames()
        first = tar.extractfile(MANIFEST)
        assert first is not None
        manifest = msgspec.json.decode(first.read(), type=Manifest)
    assert (manifest.version, manifest.step) == (__version__, newest_step())
    assert (manifest.engine, manifest.files, manifest.file_bytes) == (
        "sqlite", 2, len(SHORT) + len(LONG),
    )  # fmt: skip
    assert manifest.tables["messages"] == 1
    assert names[0] == MANIFEST
    assert names[-1] == "end.json"
    assert any(each.startswith("store/messages/") for each in names)


def test_nothing_is_written_over(tmp_path: Path, data: Path, run: Run) -> None:
    file, other = tmp_path / "tertulia.tar", tmp_path / "other"
    assert run("backup", file, "--data", data)[0] == 0
    before = file.read_bytes()
    again = run("backup", file, "--data", data)
    assert again == (2, "", f"tertulia: {file} is there already: name a file that is not\n")
    assert file.read_bytes() == before
    status, _, err = run("restore", file, "--data", data)
    assert (status, "there are files already" in err) == (2, True)
    (data / "files").rename(tmp_path / "elsewhere")
    status, _, err = run("restore", file, "--data", data)
    assert (status, "there is a store already" in err) == (2, True)
    (tmp_path / "elsewhere").rename(data / "files")
    assert run("restore", file, "--data", other)[0] == 0
    assert kept(other) == kept(data)


def test_a_backup_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, data: Path, run: Run
) -> None:
    assert run("backup", tmp_path / "nowhere" / "tertulia.tar", "--data", data)[0] == 2
    (data / "tertulia.db").rename(tmp_path / "tertulia.db")
    status, _, err = run("backup", tmp_path / "tertulia.tar", "--data", data)
    assert (status, err) == (
        2, f"tertulia: there is no store at {data / 'tertulia.db'}: the first start makes it\n"
    )  # fmt: skip
    assert {each.name for each in tmp_path.iterdir()} == {"data", "tertulia.db"}


def test_a_file_that_is_gone_does_not_stop_it(tmp_path: Path, data: Path, run: Run) -> None:
    (lost,) = [name for name, content in uploads(data).items() if content == SHORT]
    (data / lost).unlink()
    file, other = tmp_path / "tertulia.tar", tmp_path / "other"
    status, out, _ = run("backup", file, "--data", data)
    assert (status, "Not in it: 1 uploads" in out) == (0, True)
    assert run("restore", file, "--data", other)[0] == 0
    assert list(uploads(other).values()) == [LONG]
    status, out, _ = run("check", "--data", other)
    assert status == 1
    assert "WRONG  every uploaded file is there, and whole: 1 missing, the first is " in out


@pytest.mark.integration
def test_files_move_from_a_folder_into_a_bucket_and_back(
    tmp_path: Path, data: Path, run: Run
) -> None:
    file, again, url = tmp_path / "one.tar", tmp_path / "two.tar", new_url()
    inside = ("--data", tmp_path / "inside", "--files-url", url)
    assert run("backup", file, "--data", data)[0] == 0
    assert run("restore", file, *inside)[0] == 0
    assert not (tmp_path / "inside" / "files").exists()
    assert run("check", *inside)[0] == 0
    status, _, err = run("restore", file, "--data", tmp_path / "other", "--files-url", url)
    assert (status, "there are files already: s3://tertulia/" in err) == (2, True)
    assert "secret" not in err
    status, out, _ = run("backup", again, *inside)
    assert (status, out.endswith(" and 2 files, 3.0 MiB.\n")) == (0, True)
    assert run("restore", again, "--data", tmp_path / "other")[0] == 0
    assert uploads(tmp_path / "other") == uploads(data)
    assert kept(tmp_path / "other") == kept(data)


@pytest.mark.integration
def test_of_a_backup_that_was_cut_off_nothing_is_left_in_the_bucket(
    tmp_path: Path, data: Path, run: Run
) -> None:
    file, url = tmp_path / "one.tar", new_url()
    run("backup", file, "--data", data)
    file.write_bytes(file.read_bytes()[:-2_000])
    for _ in range(2):
        status, _, err = run("restore", file, "--data", tmp_path / "other", "--files-url", url)
        assert (status, "there are files already" in err) == (2, False)


def test_what_is_no_backup_is_refused(tmp_path: Path, data: Path, run: Run) -> None:
    nonsense, other = tmp_path / "nonsense", tmp_path / "other"
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.add(data / "tertulia.db", "tertulia.db")
    for content in (b"", b"x" * 10_000, (tmp_path / "other.tar").read_bytes()):
        nonsense.write_bytes(content)
        assert run("restore", nonsense, "--data", other) == (
            2, "", "tertulia: it is no backup of Tertulia\n",
        )  # fmt: skip
    assert not (other / "tertulia.db").exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": 2}, "a later version of Tertulia made this"),
        ({"step": 999}, "this one is older"),
    ],
)
def test_the_backup_of_a_later_version_is_refused(
    tmp_path: Path, run: Run, change: dict[str, int], why: str
) -> None:
    manifest = Manifest(1, "9.9", 0, newest_step(), "sqlite", {}, 0, 0)
    content = msgspec.json.encode(msgspec.structs.asdict(manifest) | change)
    file = tmp_path / "later.tar"
    with tarfile.open(file, "w") as tar:
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    status, out, err = run("restore", file, "--data", tmp_path / "other")
    assert (status, out) == (2, "")
    assert why in err


@pytest.mark.parametrize("seed", range(40))
def test_of_a_backup_that_was_harmed_everything_is_restored_or_nothing(
    tmp_path: Path, data: Path, run: Run, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - seeded, to be repeated
    file, other = tmp_path / "tertulia.tar", tmp_path / "other"
    run("backup", file, "--data", data)
    content = bytearray(file.read_bytes())
    # Half of them in what comes before the large file.
    place = chance.randrange(len(content) if seed % 2 else 60_000)
    if seed % 4 < 2:
        del content[place:]
    else:
        content[place] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    status, _, err = run("restore", file, "--data", other)
    if status == 0:
        # A date or an owner that tar keeps, or what fills its blocks.
        assert (kept(other), uploads(other)) == (kept(data), uploads(data))
    else:
        assert (status, err.startswith("tertulia: ")) == (2, True)
        assert not list(other.glob("tertulia.db*[!k]"))
        assert uploads(other) == {}


def test_check_says_what_is_wrong(data: Path, run: Run) -> None:
    change(data, "UPDATE chats SET last_seq = 5")
    status, out, err = run("check", "--data", data)
    assert (status, err) == (1, "")
    (wrong,) = [line for line in out.splitlines() if line.startswith("WRONG")]
    assert wrong.startswith("WRONG  the places of a chat have no gap")
    assert ": broken 1 times, first by number " in wrong


def test_check_waits_for_the_schema(data: Path, run: Run) -> None:
    change(data, "DELETE FROM schema_steps WHERE step > 1")
    status, out, err = run("check", "--data", data)
    assert (status, out) == (2, "")
    assert "start the server once" in err


def test_without_a_store_there_is_nothing_to_check(tmp_path: Path, run: Run) -> None:
    status, out, err = run("check", "--data", tmp_path / "nowhere")
    assert (status, out) == (2, "")
    assert "there is no store at" in err
    assert not (tmp_path / "nowhere").exists()


class Terminal(io.StringIO):
    """What a person looks at."""

    @override
    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_person_sees_how_far_it_is() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        shown = Progress(stream)
        shown.tell("rows", 500, 2_000)
        shown.erase()
    assert "25% of 2,000 rows" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert file.getvalue() == ""
