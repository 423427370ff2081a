"""TCP connections to several servers at once, several times.

Arguments: patience (s), tries one after the other, then address:port for each server. Of each server:
open, refused, reset, timeout or unreachable at the last try, and the fastest try (s).
"""

import socket
import time
from concurrent.futures import ThreadPoolExecutor


def _connect(server: str, patience: float) -> tuple[str, float]:
    address, _, port = server.rpartition(":")
    begin = time.monotonic()
    try:
        socket.create_connection((address, int(port)), patience).close()
        word = "open"
    except TimeoutError:
        word = "timeout"
    except ConnectionRefusedError:
        word = "refused"
    except ConnectionResetError:
        word = "reset"
    except OSError:
        word = "unreachable"
    return word, time.monotonic() - begin


def main(arguments: list[str]) -> list[list[object]]:
    """[server, word, fastest seconds] of each server."""
    patience, tries, servers = float(arguments[0]), int(arguments[1]), arguments[2:]

    def repeatedly(server: str) -> list[object]:
        seen = [_connect(server, patience) for _ in range(tries)]
        return [server, seen[-1][0], min(seconds for _, seconds in seen)]

    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(repeatedly, servers))
