"""A wire between a cluster and its database that a test can cut."""

import contextlib
import socket
import threading


class Proxy:
    """`with Proxy(host, port) as proxy:` listens on `proxy.port`; `cut()` ends every connection and refuses new ones until `mend()`."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self._holder = socket.socket()  # never listens: while the wire is cut, nobody else may come by the port
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port: int = self._holder.getsockname()[1]
        self._listener: socket.socket | None = None
        self._pairs: list[socket.socket] = []

    def __enter__(self) -> "Proxy":
        self.mend()
        return self

    def __exit__(self, *exception: object) -> None:
        self.cut()
        self._holder.close()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        listener, self._listener = self._listener, None
        if listener:
            _close(listener)
        while self._pairs:
            _close(self._pairs.pop())

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed: the wire is cut
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
                self._pairs += [near, far]
                if self._listener is not listener:  # cut a moment before
                    _close(near)
                    _close(far)
                    return
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=[source, sink], daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _close(sink)
    _close(source)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        end.shutdown(socket.SHUT_RDWR)
    end.close()
