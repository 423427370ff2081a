"""The certificate a server shows in a TLS handshake, trusted by nobody here.

Arguments: address, port, protocol (imaps: TLS at once; smtp, imap: STARTTLS first), patience (s).
"""

import base64
import socket
import ssl


def _starttls(plain: socket.socket, protocol: str) -> None:
    file = plain.makefile("rb")
    file.readline()
    if protocol == "smtp":
        plain.sendall(b"EHLO vantage.invalid\r\n")
        while file.readline()[3:4] == b"-":
            pass
        plain.sendall(b"STARTTLS\r\n")
        expected = b"220"
    else:
        plain.sendall(b"a STARTTLS\r\n")
        expected = b"a OK"
    if not (line := file.readline()).startswith(expected):
        raise OSError(f"no STARTTLS: {line.decode('latin-1').strip()}")


def main(arguments: list[str]) -> dict[str, str]:
    """{"der": the certificate in base64} or {"error": what stopped the handshake}."""
    address, port, protocol, patience = arguments
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((address, int(port)), float(patience)) as plain:
            if protocol != "imaps":
                _starttls(plain, protocol)
            with context.wrap_socket(plain) as wrapped:
                return {"der": base64.b64encode(wrapped.getpeercert(binary_form=True) or b"").decode()}
    except OSError as problem:
        return {"error": f"{type(problem).__name__}: {problem}"}
