"""Signs that a package was made in-house: what is in a public package is public, what is in an in-house one leaks.

No database of packages says where a package came from. Each reader therefore asks for what public packages have
(policy of the distribution, or of the public index) and for what only home-made ones have; in doubt a package is
in-house, which costs a report of a file that would else be of lower confidence.
"""

from __future__ import annotations

import re

#: Distribution packages put nothing here (Debian policy 9.1.2, FHS 3.0: 3.8, 3.13, 3.14, 3.17, 4.9; `app` is a habit).
PLACES = ("opt/", "srv/", "home/", "root/", "app/", "usr/local/")
#: Top-level names that no public host has: RFC 2606, RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and habits.
_LOCAL = frozenset(
    "arpa corp domain example home internal intranet invalid lan local localdomain localhost local-domain private test"
    " workgroup none".split()
)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z][a-z0-9-]{1,62})\.?")
_MAIL = re.compile(r"@([A-Za-z0-9.-]{1,253})")
_URL = re.compile(r"(?:https?|git|ssh|ftp)://(?:[^/\s@]*@)?([A-Za-z0-9.-]{1,253})", re.IGNORECASE)
_LONGEST = 4096


def is_in_place(path: str) -> bool:
    """Whether a path (as lists or layers write it) is where distribution packages put nothing."""
    return path.lstrip("./").startswith(PLACES)


def is_public_host(host: str) -> bool:
    """Whether a host name can be one of the public internet; numbers are not taken for it."""
    match = _HOST.fullmatch(host.lower())
    return match is not None and match[1] not in _LOCAL


def has_public_mail(text: str) -> bool:
    """Whether there is a mail address at a public host (`Maintainer: A. N. Other <other@host>`)."""
    return any(is_public_host(host) for host in _MAIL.findall(text[:_LONGEST]))


def has_public_link(text: str) -> bool:
    """Whether there is a link to a public host."""
    return any(is_public_host(host) for host in _URL.findall(text[:_LONGEST]))
