"""Links of files, and what may be announced."""

import pytest

from tertulia.core.errors import BadInput
from tertulia.core.files import check_new
from tertulia.core.ids import FileId
from tertulia.core.links import DAY_S, DOWNLOAD_S, UPLOAD_S, FileLinks, LinkPurpose
from tertulia.core.model import NewFile

NOON = 1_790_000_000 // DAY_S * DAY_S + DAY_S // 2
FILE = FileId(12_345)


class Watch:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now_s = NOON

    def now_ms(self) -> int:
        return self.now_s * 1000


def parts(link: str) -> tuple[int, str]:
    base, _, query = link.partition("?")
    assert base == f"http://here/files/{FILE}"
    expires, signature = (each.partition("=")[2] for each in query.split("&"))
    return int(expires), signature


def test_an_upload_link_is_good_for_an_hour_and_for_nothing_else() -> None:
    watch = Watch()
    links = FileLinks("key", "http://here/files", watch)
    expires, signature = parts(links.upload(FILE))
    assert expires == NOON + UPLOAD_S
    assert links.is_ours(FILE, LinkPurpose.UPLOAD, expires, signature)
    assert not links.is_ours(FILE, LinkPurpose.DOWNLOAD, expires, signature)
    assert not links.is_ours(FileId(FILE + 1), LinkPurpose.UPLOAD, expires, signature)
    assert not links.is_ours(FILE, LinkPurpose.UPLOAD, expires + 1, signature)
    assert not links.is_ours(FILE, LinkPurpose.UPLOAD, expires, signature[:-1])
    assert not links.is_ours(FILE, LinkPurpose.UPLOAD, expires, "ёж\ud800")
    assert links.seconds_left(expires) == UPLOAD_S
    watch.now_s = expires
    assert links.seconds_left(expires) == 0


def test_download_links_of_one_day_are_the_same_and_live_a_week_at_least() -> None:
    watch = Watch()
    links = FileLinks("key", "http://here/files", watch)
    first = links.download(FILE)
    watch.now_s = NOON + DAY_S // 2 - 1
    assert links.download(FILE) == first
    assert links.seconds_left(parts(first)[0]) > DOWNLOAD_S
    watch.now_s += 1
    assert links.download(FILE) != first
    assert links.seconds_left(parts(first)[0]) == DOWNLOAD_S


def test_a_link_of_another_server_is_not_ours() -> None:
    watch = Watch()
    expires, signature = parts(FileLinks("other", "http://here/files", watch).download(FILE))
    ours = FileLinks("key", "http://here/files", watch)
    assert not ours.is_ours(FILE, LinkPurpose.DOWNLOAD, expires, signature)


@pytest.mark.parametrize("name", ["", "a" * 256, ".", "..", "../a", "a/b", "a\\b", "a\nb", "a\x85"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_new(NewFile(name, "image/png", 1), 10)
    assert refusal.value.field == "file name"


def test_half_a_character_is_no_name() -> None:
    with pytest.raises(BadInput):
        check_new(NewFile("a\ud83c", "image/png", 1), 10)


@pytest.mark.parametrize("size", [-1, 11])
def test_a_size_out_of_bounds_is_refused(size: int) -> None:
    with pytest.raises(BadInput) as refusal:
        check_new(NewFile("a", "image/png", size), 10)
    assert refusal.value.field == "file size"


@pytest.mark.parametrize("kind", ["", "a" * 256, "é", "image/png\r\nX: y", "a\x00"])
def test_a_content_type_that_is_no_header_is_refused(kind: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_new(NewFile("a", kind, 1), 10)
    assert refusal.value.field == "content type"


def test_everything_else_may_be_announced() -> None:
    for name in ("a", "…", ".profile", "чай 1.png", "x" * 255, "e\u0301" * 255):
        check_new(NewFile(name, "type", 10), 10)
    check_new(NewFile("a", "text/plain; charset=utf-8", 0), 10)
