"""Finished WebSocket frames, the codes of a close, and how a text becomes a frame."""

GOING_AWAY, PROTOCOL_ERROR, BAD_DATA = 1001, 1002, 1007
POLICY, TOO_BIG, INTERNAL_ERROR, TRY_LATER = 1008, 1009, 1011, 1013
PING = b"\x89\x00"
_TEXT, _PONG = 0x81, 0x8A


def text_frame(payload: bytes) -> bytes:
    """*payload* as one finished text frame: made once, offered to any number of sockets."""
    return _frame(_TEXT, payload)


def pong(payload: bytes) -> bytes:
    """The answer to a ping that carried *payload*."""
    return _frame(_PONG, payload)


def _frame(first_byte: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((first_byte, size)) + payload
    if size < 1 << 16:
        return bytes((first_byte, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first_byte, 127)) + size.to_bytes(8, "big") + payload
