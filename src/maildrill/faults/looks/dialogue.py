"""One SMTP or LMTP transaction without TLS, and how far it came.

Arguments: address, port, hello (EHLO or LHLO), sender, recipient, size of the text (bytes), patience
for each step (s). The message carries no id of a drill.
"""

import socket
import time


class Line:
    """A connection that speaks in lines."""

    def __init__(self, address: str, port: int, patience: float) -> None:
        self.socket = socket.create_connection((address, port), patience)
        self.file = self.socket.makefile("rb")

    def reply(self) -> str:
        """A whole reply's last line; EOFError if the server closed."""
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError("closed")
            if line[3:4] != b"-":
                return line.decode("latin-1").strip()

    def ask(self, command: str) -> str:
        """Send a line, return the reply."""
        self.socket.sendall(command.encode() + b"\r\n")
        return self.reply()


def _text(size: int) -> bytes:
    line = b"a look at this server, of no meaning to anyone who reads it............\r\n"
    return b"Subject: maildrill looks\r\n\r\n" + line * max(1, size // len(line))


def main(arguments: list[str]) -> dict[str, object]:
    """{"stage": connect, greeting, envelope, text, reply or done; "said": ...; "seconds": of all of it}."""
    address, port, hello, sender, recipient, size, patience = arguments
    begin, stage, said = time.monotonic(), "connect", ""
    try:
        line = Line(address, int(port), float(patience))
        stage = "greeting"
        said = line.reply()
        said = line.ask(f"{hello} vantage.invalid")
        stage = "envelope"
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
            said = line.ask(command)
            if said[:1] not in "23":
                raise EOFError(said)
        stage = "text"
        for piece in (text := _text(int(size))), b".\r\n":
            line.socket.sendall(piece)
        stage, said = "reply", f"{len(text)} bytes sent"
        said = line.reply()
        stage = "done"
    except (OSError, EOFError) as problem:
        said = f"{said}; {type(problem).__name__}: {problem}"
    return {"stage": stage, "said": said, "seconds": round(time.monotonic() - begin, 4)}
