#!/usr/bin/env python3
"""A provider that says yes to everything, and writes down what it was asked and when.

Usage: provider.py LOG [PORT]

Listens on 127.0.0.1, port 8000 unless another one is given. Each request becomes a line of LOG: seconds of the
monotonic clock, which is the same in all processes of a machine, and the target. A path that begins with /echo is
answered with what the file LOG.echo holds, and not written down. If there is a file LOG.answer, its word takes the
place of the yes.
"""

import os
import socketserver
import sys
import time
import urllib.parse


class Provider(socketserver.StreamRequestHandler):
    """One connection, one request: a client that keeps the connection is told that it ends."""

    disable_nagle_algorithm = True

    def handle(self):
        target = self.rfile.readline().decode("latin-1").split(" ")[1:2]
        seen = time.monotonic()
        while self.rfile.readline().strip():
            pass
        if not target:
            return
        url = urllib.parse.urlsplit(target[0])
        if url.path.startswith("/echo"):
            with open(self.server.log + ".echo", encoding="ascii") as file:
                body = file.read()
        else:
            with open(self.server.log, "a", encoding="utf-8") as file:
                file.write(f"{seen:.6f} {target[0]}\n")
            query = urllib.parse.parse_qs(url.query)
            body = "good " + (query.get("myip") or query.get("ip") or [""])[0]
            if os.path.exists(self.server.log + ".answer"):
                with open(self.server.log + ".answer", encoding="ascii") as file:
                    body = file.read()
        body = body.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.wfile.write(head.encode() + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    with Server(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 8000), Provider) as server:
        server.log = sys.argv[1]
        server.serve_forever()


main()
