"""A row of the table of countries (Tada document, Страны и коды)."""

from msgspec import UNSET, Struct, UnsetType


class CountryV3(Struct):
    """`default` stands at exactly one of them."""

    code: str
    name: str
    default: bool | UnsetType = UNSET


class CountryV4(CountryV3):
    """`iso`: of two letters, or empty."""

    iso: str = ""
