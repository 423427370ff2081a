"""Names of hosts and domains: labels of letters, digits and hyphens (RFC 952, RFC 1123 section 2.1).

And where things are that have such a name: addresses, and folders in a node.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
LABEL = re.compile(_LABEL)
_HOST = re.compile(r"[A-Za-z0-9_.:-]+")
_FOLDER = re.compile(r"(/(?!\.\.?(/|$))[^/:\s]+)+/?")
DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")


def nearest_label(text: str) -> str:
    """The label most like a text; empty if nothing of it can be kept."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:63].rstrip("-")


def _label(value: str) -> str:
    if not LABEL.fullmatch(value):
        raise ValueError(f"a host name{_such_as(nearest_label(value))} (letters, digits, hyphens; at most 63)")
    return value


def _domain(value: str) -> str:
    if not DOMAIN.fullmatch(value):
        near = ".".join(label for part in value.split(".") if (label := nearest_label(part)))
        raise ValueError(f"a domain{_such_as(near)} (letters, digits, hyphens, dots; at most 253)")
    return value


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise ValueError('an IP address such as "192.0.2.53"') from None
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("the name or the address of a host")
    return value


def _folder(value: str) -> str:
    if not _FOLDER.fullmatch(value):
        raise ValueError('an absolute path such as "/srv/mail"')
    return value


def _such_as(near: str) -> str:
    return f' such as "{near}"' if near else ""


HostName = Annotated[str, AfterValidator(_label), Field(json_schema_extra={"pattern": f"^{_LABEL}$"})]
DomainName = Annotated[str, AfterValidator(_domain), Field(json_schema_extra={"pattern": f"^{DOMAIN.pattern}$"})]
Host = Annotated[str, AfterValidator(_host), Field(json_schema_extra={"pattern": f"^{_HOST.pattern}$"})]
"""A name or an address, of any system: some names have underscores."""
Address = Annotated[str, AfterValidator(_address)]
FolderPath = Annotated[str, AfterValidator(_folder), Field(json_schema_extra={"pattern": "^/."})]
