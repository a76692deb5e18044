"""How long a registry may take, and how much it may send, before it is given up."""

from __future__ import annotations

from auditor.core.record import NamedTuple


class Limits(NamedTuple):
    """Times in seconds, sizes in bytes.

    `connect` and `read` bound one wait for the network, `head` the whole of an answer's status and headers. A body
    that brings less than `slowest` bytes per second over `window` seconds of waiting is given up. A request is sent
    up to `tries` times within `total`; `first_wait` doubles from try to try up to `longest_wait`. `document` bounds
    reading one document, `documents` all of one source, `lost` the time of requests that fail one after the other.
    A layer is taken up again `resumes` times.
    """

    connect: float = 10.0
    read: float = 60.0
    head: float = 60.0
    head_bytes: int = 1 << 20
    slowest: int = 1024
    window: float = 60.0
    tries: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    total: float = 120.0
    document: float = 300.0
    documents: float = 1800.0
    lost: float = 300.0
    redirects: int = 10
    resumes: int = 20
