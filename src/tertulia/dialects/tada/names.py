"""How people, phones and stub pictures are named (Tada document, Информация о себе; stub pictures)."""

import re
from urllib.parse import quote
from zlib import crc32

COLORS = ("e36659", "f08c50", "578e3c", "63bed3", "579dda", "8e88eb", "f0769a")

_HOME_PHONE = re.compile(r"\+7(\d{3})(\d{3})(\d{4})", re.ASCII)
_TWO_DIGITS = re.compile(r"\d\d", re.ASCII)
NAMELESS = "?"


def formatted_phone(phone: str) -> str:
    """`+7 (916) 666-0002`; a number of another country as it is."""
    found = _HOME_PHONE.fullmatch(phone)
    return "+7 ({}) {}-{}".format(*found.groups()) if found else phone


def display_name(given: str, family: str, *otherwise: str) -> str:
    """Given and family name, or the first of the others that is not empty."""
    return f"{given} {family}".strip() or next((each for each in otherwise if each), "")


def person_name(given: str, family: str, phone: str, login: str, email: str = "") -> str:
    """What an account is called: by its names, else its phone, its login, or the name of its mailbox."""
    return display_name(given, family, formatted_phone(phone), login, email.partition("@")[0])


def short_name(given: str, family: str, whole: str) -> str:
    """`Анна П.`; without names the *whole* one."""
    if not given.strip():
        return family.strip() or whole
    return f"{given.strip()} {family.strip()[:1]}.".removesuffix(" .")


def letters(name: str) -> str:
    """One or two characters for a stub: the last two digits, or the first characters of two words."""
    words = name.split()
    ending = re.sub(r"\D", "", name)[-2:] if name.startswith("+") else name.strip()[-2:]
    if _TWO_DIGITS.fullmatch(ending):
        return ending
    found = "".join(word[0] for word in words[:2])
    # Dots alone would be taken for a step up in the path.
    return found.replace(".", "·") if found.strip(".") == "" and found else found or NAMELESS


def color_of(uuid: str) -> str:
    """The color of a thing for ever, whatever it is called: six hex digits."""
    return COLORS[crc32(uuid.encode()) % len(COLORS)]


def stub_at(color: str, signs: str, side: int) -> str:
    """Where the stub picture with these letters on that color lies, under the server's address."""
    return f"/u/{color}/{quote(signs, safe='')}/{side}.png"
