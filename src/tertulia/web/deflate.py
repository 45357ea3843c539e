"""Compressed WebSocket messages (RFC 7692, permessage-deflate), as cheaply as the protocol allows.

We let clients compress what they send, each message on its own, so that no socket keeps a window in
memory. What we send stays uncompressed, which the RFC allows: it leaves as one frame for everybody.
"""

import zlib

ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
WINDOW_BITS = {str(bits): bits for bits in range(8, 16)}
# What a sender cuts off the end of every compressed message (RFC 7692, 7.2.1).
TAIL = b"\x00\x00\xff\xff"


class TooLong(Exception):
    """The message is longer, inflated, than allowed."""


class BadDeflate(Exception):
    """The message is not what deflate makes."""


def accepted_offer(header: str) -> str:
    """Our Sec-WebSocket-Extensions for the client's, "" when there is no offer we can honour.

    Args:
        header: what the client offers, the best first; several headers joined with commas.
    """
    for offer in header.split(","):
        name, *rest = (part.strip() for part in offer.split(";"))
        if name.lower() == "permessage-deflate":
            answer = _answer(rest)
            if answer:
                return answer
    return ""


def _answer(parameters: list[str]) -> str:
    seen: dict[str, str] = {}
    for parameter in parameters:
        name, equals, value = (part.strip() for part in parameter.partition("="))
        name, value = name.lower(), _unquoted(value)
        match name:
            case "server_no_context_takeover" | "client_no_context_takeover":
                known = not equals
            case "server_max_window_bits":
                known = value in WINDOW_BITS
            case "client_max_window_bits":
                known = not equals or value in WINDOW_BITS
            case _:
                known = False
        if not known or name in seen:
            return ""
        seen[name] = value
    if "server_max_window_bits" in seen:
        # Whoever never compresses keeps within any window; saying so is part of accepting.
        return f"{ANSWER}; server_max_window_bits={seen['server_max_window_bits']}"
    return ANSWER


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def inflated(message: bytes, most_bytes: int) -> bytes:
    """The message as it was before the client compressed it.

    Raises:
        TooLong: it has more than *most_bytes*; we stopped there.
        BadDeflate: it was not compressed, or was damaged.
    """
    # A context of 32 KiB for each message; it is gone when we return.
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        whole = stream.decompress(message + TAIL, most_bytes + 1)
    except zlib.error as error:
        raise BadDeflate(str(error)) from error
    if len(whole) > most_bytes:
        raise TooLong
    return whole
