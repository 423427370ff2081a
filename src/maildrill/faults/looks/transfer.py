"""How fast bytes pass between two nodes: a short TCP transfer in each direction at once.

Arguments: own address, the other's address, the other's process id, bytes, bytes that do not count
at the beginning, patience (s).
"""

import contextlib
import ctypes
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

FAST = 10**9  # all of it came at once: too fast to be told from any other speed


def _enter(namespace: str) -> None:
    file = os.open(namespace, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(file, 0):
        raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    os.close(file)


def _pair(listener: socket.socket, address: str, patience: float) -> tuple[socket.socket, socket.socket]:
    """A connection from the namespace this thread is in to the listener: (this end, the listener's end)."""
    near = socket.create_connection(listener.getsockname(), patience, (address, 0))
    far, _ = listener.accept()
    far.settimeout(patience)
    return near, far


def _rate(sender: socket.socket, receiver: socket.socket, size: int, skip: int, patience: float) -> float:
    """Bits a second of what comes after the first ``skip`` bytes, to the last or to the end of patience."""
    threading.Thread(target=_push, args=(sender, size), daemon=True).start()
    got, counted, begin = 0, 0, 0.0
    end = time.monotonic() + patience
    with contextlib.suppress(TimeoutError):
        while got < size and time.monotonic() < end:
            data = receiver.recv(65536)
            got += len(data)
            if begin:
                counted += len(data)
            elif got >= skip:
                begin = time.monotonic()
            if not data:
                break
    return counted * 8 / (time.monotonic() - begin) if counted else float(FAST if got >= size else 0)


def _push(sender: socket.socket, size: int) -> None:
    with contextlib.suppress(OSError):
        sender.sendall(b"x" * size)


def main(arguments: list[str]) -> list[float]:
    """kbit/s [from here over there, from there over here]."""
    own, other, process = arguments[:3]
    size, skip, patience = int(arguments[3]), int(arguments[4]), float(arguments[5])
    listener = socket.create_server((own, 0))
    listener.settimeout(patience)
    _enter(f"/proc/{process}/ns/net")
    out, back = (_pair(listener, other, patience) for _ in range(2))
    ways = [(out[1], out[0]), back]  # (sender, receiver)
    with ThreadPoolExecutor(2) as pool:
        return [rate / 1000 for rate in pool.map(lambda way: _rate(way[0], way[1], size, skip, patience), ways)]
