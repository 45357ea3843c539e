"""The baseline: the same WebSocket library, the same sockets, the same bytes, and nothing else.

A socket connects to `/CHAT/NAME`. For every frame it sends, a ready-made packet goes to every
other socket of that chat and a ready-made acknowledgement to itself: nothing is decoded, checked
or stored. What Tertulia takes longer than this is what being a messenger costs.
"""

import argparse
import resource
from collections import defaultdict

import uvloop
from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,
)
from typing_extensions import override

# Bytes a socket sets aside for reading, as Tertulia's do.
_READ_BUFFER = 4096


def ready_made(head: str, tail: str, size: int) -> bytes:
    """A packet of *size* bytes: *head* and *tail* with as much text between as it takes."""
    return f"{head}{'x' * max(0, size - len(head) - len(tail))}{tail}".encode()


class Seat(WSListener):
    """One socket in one chat."""

    def __init__(self, chat: list[WSTransport], delivery: bytes, ack: bytes) -> None:
        self._chat = chat
        self._delivery = delivery
        self._ack = ack

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self._chat.append(transport)

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, self._ack)
            for other in self._chat:
                if other is not transport:
                    other.send(WSMsgType.TEXT, self._delivery)
        elif frame.msg_type is WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._chat.remove(transport)


async def serve(port: int, delivery_bytes: int, ack_bytes: int) -> None:
    """Listen until the process is ended."""
    chats: dict[str, list[WSTransport]] = defaultdict(list)
    ack = ready_made('{"ask":{"mid":"', '"}}', ack_bytes)

    def seat(request: WSUpgradeRequest) -> Seat:
        chat, name = request.path.decode().strip("/").split("/")
        delivery = ready_made(f'{{"message":{{"from":"{name}","body":"', '"}}', delivery_bytes)
        return Seat(chats[chat], delivery, ack)

    server = await ws_create_server(
        seat,
        "127.0.0.1",
        port,
        read_buffer_init_size=_READ_BUFFER,
        # Tertulia's sockets are handed over by uvicorn and so lie on the loop's own transports.
        use_aiofastnet=False,
        backlog=2048,
    )
    address = server.sockets[0].getsockname()
    print(f"The bare fan-out is listening on http://{address[0]}:{address[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Read the sizes and serve."""
    parser = argparse.ArgumentParser(description="The baseline of the benchmarks.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delivery-bytes", type=int, default=450)
    parser.add_argument("--ack-bytes", type=int, default=300)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(serve(options.port, options.delivery_bytes, options.ack_bytes))


if __name__ == "__main__":
    main()
