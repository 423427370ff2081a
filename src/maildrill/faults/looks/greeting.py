"""How long a server takes for its first line. Arguments: address:port, "tls" or "plain", patience (s)."""

import socket
import ssl
import time


def _first_line(connection: socket.socket) -> int:
    size = 0
    try:
        while True:
            data = connection.recv(4096)
            size += len(data)
            if not data or b"\n" in data:
                return size
    except TimeoutError:
        return size


def main(arguments: list[str]) -> list[float]:
    """[bytes, seconds]; bytes are -1 if no connection opened. With TLS, seconds include the handshake."""
    server, tls, patience = arguments[0], arguments[1] == "tls", float(arguments[2])
    address, _, port = server.rpartition(":")
    begin, size = time.monotonic(), -1
    try:
        connection = socket.create_connection((address, int(port)), patience)
        size = 0
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection = context.wrap_socket(connection)
        size = _first_line(connection)
    except OSError:
        pass
    return [size, time.monotonic() - begin]
