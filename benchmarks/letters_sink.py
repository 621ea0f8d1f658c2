"""A mail server that takes everything and keeps nothing. It shares the cores with what is measured, so it does as little as can be.

No PIPELINING and no SIZE: the other side waits for each answer, as with most relays of a provider.
"""

import asyncio
import sys

END = b"\r\n.\r\n"
ANSWERS = {b"EHLO": b"250-sink\r\n250 8BITMIME\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class Conversation(asyncio.Protocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.in_message, self.tail = transport, False, b""
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        if self.in_message:
            self.take(data)
        else:
            self.answer(data[:4].upper())

    def take(self, data: bytes) -> None:
        self.tail = (self.tail + data)[-len(END) :]
        if self.tail == END:
            self.in_message, self.tail = False, b""
            self.transport.write(b"250 taken\r\n")

    def answer(self, verb: bytes) -> None:
        self.transport.write(ANSWERS.get(verb, b"250 ok\r\n"))
        self.in_message = verb == b"DATA"
        if verb == b"QUIT":
            self.transport.close()


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Conversation, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    asyncio.run(serve(int(sys.argv[1])))
