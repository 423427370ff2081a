"""Which direction between two nodes carries packets: one datagram each way, to a socket that listens.

Arguments: own address, the other's address, the other's process id (its network namespace is entered).
"""

import ctypes
import os
import socket

PATIENCE_S = 0.3
TRIES = 2


def _enter(namespace: str) -> None:
    file = os.open(namespace, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(file, 0):
        raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    os.close(file)


def _listener(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((address, 0))
    listener.settimeout(PATIENCE_S)
    return listener


def _arrives(sender: socket.socket, receiver: socket.socket) -> bool:
    for _ in range(TRIES):
        try:
            sender.sendto(b"maildrill", receiver.getsockname())
            if receiver.recv(100):
                return True
        except OSError:  # nothing came, or the sender's kernel refused to send
            continue
    return False


def main(arguments: list[str]) -> list[bool]:
    """Whether a datagram arrives [from here over there, from there over here]."""
    own, other, process = arguments
    here = _listener(own)
    _enter(f"/proc/{process}/ns/net")
    there = _listener(other)
    return [_arrives(here, there), _arrives(there, here)]
