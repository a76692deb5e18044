"""The only type that holds a raw secret, and the only place where one becomes printable."""

from __future__ import annotations

#: From this length on the last characters may be shown: what stays hidden is still unguessable.
_SHOW_TAIL_FROM = 24
_TAIL = 4
_MASK = "****"


def encoded(text: str) -> bytes:
    """UTF-8 for digests: bytes that were no UTF-8 become themselves again, other lone surrogates three bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class Secret:
    """A secret value. `str()`, `repr()` and formatting give the redacted form; `reveal()` is the only way out.

    `kind` names what it is ("github-token", "password"); `prefix` is the public part of a known token format
    (`ghp_`), which may be shown because it says what to rotate and nothing about the value.
    """

    __slots__ = ("_value", "kind", "prefix")

    def __init__(self, value: str, kind: str, prefix: str = "") -> None:
        self._value = value
        self.kind = kind
        self.prefix = prefix if prefix and value.startswith(prefix) else ""

    @property
    def redacted(self) -> str:
        """Public prefix, mask, and the last four characters where the value is long enough to spare them."""
        tail = self._value[-_TAIL:] if len(self._value) - len(self.prefix) >= _SHOW_TAIL_FROM else ""
        if not (tail.isascii() and tail.isprintable()):
            tail = ""
        return f"{self.prefix}{_MASK}{tail}"

    def reveal(self) -> str:
        """The raw value: for verifiers, the prover, the masker and `--show-secrets` only."""
        return self._value

    def fingerprint(self, key: bytes) -> str:
        """HMAC-SHA256 under `key`, hex: equal secrets can be matched, guesses cannot be tested without the key."""
        import hashlib  # start-up: only when a finding is reported
        import hmac

        return hmac.new(key, encoded(self._value), hashlib.sha256).hexdigest()

    def __str__(self) -> str:
        return self.redacted

    def __repr__(self) -> str:
        return f"Secret({self.redacted!r}, {self.kind!r})"

    def __format__(self, spec: str) -> str:
        return format(self.redacted, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Remembered(Secret):
    """A secret of an earlier run: its redacted form and its fingerprint under one key, mostly no value."""

    __slots__ = ("_fingerprint", "_redacted")

    def __init__(self, redacted: str, kind: str, fingerprint: str, value: str = "") -> None:
        super().__init__(value, kind)
        self._redacted = redacted
        self._fingerprint = fingerprint

    @property
    def redacted(self) -> str:
        """As it was shown when the value was known."""
        return self._redacted

    def fingerprint(self, key: bytes) -> str:
        """Under the key with which it was remembered; runs with another key do not use what is remembered."""
        return self._fingerprint

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remembered) and other._fingerprint == self._fingerprint

    def __hash__(self) -> int:
        return hash(self._fingerprint)


class Masker:
    """Replaces known secret values in text that is about to be shown.

    Short values made of word characters are replaced only where they stand alone, so that a password
    `root` does not blot out every `/root` in an excerpt.
    """

    __slots__ = ("_long", "_short")

    def __init__(self, secrets: list[Secret]) -> None:
        values = {s.reveal(): s.redacted for s in secrets if s.reveal()}
        whole = sorted(values, key=lambda v: (-len(v), v))
        self._long = [(v, values[v]) for v in whole if len(v) >= 8 or not v.isalnum()]
        self._short = [(v, values[v]) for v in whole if len(v) < 8 and v.isalnum()]

    def mask(self, text: str) -> str:
        """The text with every known value replaced by its redacted form."""
        for value, shown in self._long:
            if value in text:
                text = text.replace(value, shown)
        if self._short:
            import re  # start-up: argparse has usually loaded it; kept local because core is imported first

            for value, shown in self._short:
                if value in text:
                    edge = rf"(?<![A-Za-z0-9_/.]){re.escape(value)}(?![A-Za-z0-9_])"
                    text = re.sub(edge, lambda _match, shown=shown: shown, text)  # type: ignore[misc]
        return text
