import time
import unicodedata

import pytest

from tertulia.core import text
from tertulia.core.errors import BadInput
from tertulia.core.messages import MAX_TEXT, check_length, check_text

ACCENTED = unicodedata.normalize("NFD", "é")
UNORDERED_MARKS = "\u0345" * 200_000 + "\u0334" * 200_000


def test_an_accent_counts_the_same_however_it_was_typed() -> None:
    assert text.length("é") == text.length(ACCENTED) == 1


def test_search_knows_neither_case_nor_composition_nor_yo() -> None:
    assert text.fold("ЁЛКА") == text.fold("елка")
    assert text.fold("CAF" + ACCENTED.upper()) == text.fold("café")
    assert text.fold("STRASSE") == text.fold("straße")


def test_names_count_as_the_same_without_regard_to_case_or_composition() -> None:
    assert text.key("Ren" + ACCENTED) == text.key("RENÉ")
    assert text.key("Анна") == text.key("аННА")
    assert text.key("ёлка") != text.key("елка")


def test_a_pattern_takes_its_words_literally() -> None:
    assert text.containing("50%_a\\b") == "%50\\%\\_a\\\\b%"


def test_long_text_composes_as_short_text_does() -> None:
    words = unicodedata.normalize(
        "NFD", "Đã gửi một tin nhắn: één café, ёлка, 한국어 がぎぐ. " * 40
    )
    assert text.nfc(words) == unicodedata.normalize("NFC", words)
    unspaced = unicodedata.normalize("NFD", "がぎぐげご한국어각" * 200)
    assert text.nfc(unspaced) == unicodedata.normalize("NFC", unspaced)


def test_marks_out_of_order_do_not_stop_the_server() -> None:
    start = time.process_time()
    assert text.length(UNORDERED_MARKS) == 400_000
    text.fold(UNORDERED_MARKS[-MAX_TEXT:])
    assert time.process_time() - start < 1


def test_what_is_far_too_long_is_not_looked_at_closely() -> None:
    start = time.process_time()
    assert text.is_longer(UNORDERED_MARKS, 40)
    assert time.process_time() - start < 0.01


def test_length_is_measured_after_composition() -> None:
    assert not text.is_longer(ACCENTED * 40, 40)
    assert text.is_longer(ACCENTED * 41, 40)
    check_length(ACCENTED * MAX_TEXT)
    with pytest.raises(BadInput):
        check_length("a" * (MAX_TEXT + 1))


@pytest.mark.parametrize("words", ["", " ", "\n\t\u2003"])
def test_white_space_says_nothing(words: str) -> None:
    with pytest.raises(BadInput):
        check_text(words)
