"""`NamedTuple` and `cast` as `typing` has them, without importing `typing`.

Start-up: `typing` and its checks of every field cost a fifth of what linting one file may take (bench/startup.py).
Type checkers see the original; at run time a class statement makes a `collections.namedtuple` with its methods.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
    from typing import cast as cast
else:
    from collections import namedtuple

    _OWN = frozenset(("__annotations__", "__module__", "__qualname__", "__classcell__", "__annotations_cache__"))

    class _Maker(type):
        """Turns the class statement into the namedtuple class."""

        def __new__(cls, name, bases, namespace):
            fields = list(namespace.get("__annotations__", ()))
            defaults = [namespace[field] for field in fields if field in namespace]
            made = namedtuple(name, fields, defaults=defaults, module=namespace["__module__"])
            for key, value in namespace.items():
                if key not in _OWN and key not in fields:
                    setattr(made, key, value)
            made.__annotations__ = namespace.get("__annotations__", {})
            return made

    class _Base:
        """What a class statement names as its base; `__mro_entries__` puts the maker in its place."""

        def __mro_entries__(self, bases):
            return (_Stand,)

    def cast(_kind, value):
        """The value itself."""
        return value

    _Stand = type.__new__(_Maker, "NamedTuple", (), {})
    NamedTuple = _Base()
