"""Relay TCP, and go silent without closing, as a mobile network does."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    def __init__(self, port: int) -> None:
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.silent: set[socket.socket] = set()
        self.open: set[socket.socket] = set()
        self.answering = True

    def __enter__(self) -> Relay:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        for end in list(self.open):
            end.close()

    def fall_silent(self) -> None:
        """Nothing passes any more on the connections that stand, and new ones get no answer."""
        self.answering = False
        self.silent |= self.open

    def serve_new_connections(self) -> None:
        self.answering = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.open |= {client, server}
                if not self.answering:
                    self.silent |= {client, server}
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source in self.silent or sink in self.silent:
                    continue
                sink.sendall(data)
            if source not in self.silent:
                sink.shutdown(socket.SHUT_WR)
