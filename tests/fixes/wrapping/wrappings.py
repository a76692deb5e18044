"""Dockerfiles as `audit fix --wrapper` leaves them, and what is in them."""

from __future__ import annotations

from auditor.core.wrappers import Wrapping, wrapper_named
from auditor.lang.dockerfile.parser import parse
from tests.fixes.fixing import Fixed, fixed

VALUE = "tk" + "-9sKxW2mQe7RuTi4LpBvA"
KEEPER = "keeper://AAAA/field/password"
SETTING = "ENV KSM_INI_DIR=/run/secrets\n"
BRING = "COPY ksm /usr/local/bin/\n"
ENV = f"ENV DB_PASSWORD={VALUE}\n"
REFERS = f"ENV DB_PASSWORD={KEEPER}\n"


def wrapping(name: str = "ksm", form: str = "", **references: str) -> Wrapping:
    wrapper = wrapper_named(name)
    assert wrapper is not None
    return Wrapping(wrapper, references, form)


def safe(text: str, given: Wrapping | None = None) -> Fixed:
    """The file after safe fixes; nothing of the value is left, and a second run changes nothing."""
    return _done(text, given or wrapping(DB_PASSWORD=KEEPER), unsafe=False)


def unsafe(text: str, given: Wrapping) -> Fixed:
    return _done(text, given, unsafe=True)


def _done(text: str, given: Wrapping, *, unsafe: bool) -> Fixed:
    done = fixed(text, unsafe=unsafe, wrapping=given)
    assert fixed(done.text, unsafe=unsafe, wrapping=given).text == done.text
    told = [*done.rewrite.notes, *(f"{one.title} {one.reason}" for one in done.rewrite.applied)]
    assert not any(VALUE in one for one in told)
    return done


def words(done: Fixed, keyword: str = "ENTRYPOINT") -> list[str]:
    """The words of the last instruction of a kind."""
    nodes = [node for node in parse(done.text).instructions if node.keyword == keyword]
    return list(nodes[-1].args)


def program(found: list[str]) -> list[str]:
    """The words behind the shim, which has to be there."""
    assert found[:2] == ["/bin/sh", "-c"] and found[2].endswith('; exec "$@"') and found[3] == "sh"
    return found[4:]
