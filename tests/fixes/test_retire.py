"""What has to go along with a credential file: before and after texts, who still needs the file, what is refused."""

from __future__ import annotations

import pytest

from auditor.core.edit import apply_edits
from auditor.fixes.compose import compose
from auditor.fixes.plan import BuildSecret, Drop, Refused
from auditor.fixes.readers import readers_of_file
from auditor.fixes.retire import Lifetime, give, lifetime
from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse

SECRET = BuildSecret("npmrc", "file", source=".npmrc")


def _retired(text: str, path: str, *, mounted: bool = True) -> tuple[Build, Lifetime]:
    """The file that the first COPY brings, without that COPY."""
    build = follow(parse(text), "Dockerfile")
    file = next(f for f in build.facts.files if f.how == "copied")
    tools = readers_of_file(file.kind.id) if file.kind else None
    return build, lifetime(build, path, file.step, tools, mounted=mounted)


def _after(text: str, path: str, *, mounted: bool = True) -> str:
    """The Dockerfile without the COPY; consumers get the secret."""
    build, life = _retired(text, path, mounted=mounted)
    start = next(f.step for f in build.facts.files if f.how == "copied").instruction
    given = [c for run in life.consumers for c in give(run, SECRET, path, life)] if mounted else []
    return apply_edits(text, compose(build.document, [Drop(start), *life.changes, *given]))


MOUNT = "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=true \\\n    "
REAL = (
    "RUN --mount=type=secret,id=npmrc,required=true \\\n    trap 'rm -f /root/.npmrc' EXIT; \\\n"
    "    cat /run/secrets/npmrc > /root/.npmrc || exit 1; \\\n    chmod 600 /root/.npmrc; \\\n    "
)
#: With a trap of the RUN's own that removes the file.
TRAPPED = REAL.replace("    trap 'rm -f /root/.npmrc' EXIT; \\\n", "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN npm ci && rm -f /root/.npmrc\n", MOUNT + "npm ci\n"),
        ("RUN npm ci\nRUN rm ~/.npmrc\n", MOUNT + "npm ci\n"),
        ("RUN chmod 600 ~/.npmrc && npm ci; rm $HOME/.npmrc || true\n", MOUNT + "npm ci; :\n"),
        ("RUN npm ci && rm -rf ~/.npmrc /tmp/cache ~/.cache\n", MOUNT + "npm ci && rm -rf /tmp/cache ~/.cache\n"),
        ("RUN npm ci && rm -rf /tmp/x /root/.npmrc\n", MOUNT + "npm ci && rm -rf /tmp/x\n"),
        ("RUN npm ci && rm -f /root/.{npmrc,cache} x\n", MOUNT + "npm ci && rm -f /root/.cache x\n"),
        ("RUN npm ci && cd /root && rm -f .npmrc\n", MOUNT + "npm ci && cd /root\n"),
        ("RUN npm ci && trap 'rm -f /root/.npmrc' EXIT\n", TRAPPED + "npm ci && trap 'rm -f /root/.npmrc' EXIT\n"),
        ("RUN npm ci && sudo shred -u /root/.npmrc && echo done\n", MOUNT + "npm ci && echo done\n"),
        ("RUN npm ci || (rm /root/.npmrc; exit 1)\n", MOUNT + "npm ci || (:; exit 1)\n"),
        (
            "RUN npm ci && if [ -f /root/.npmrc ]; then rm /root/.npmrc; fi\n",
            MOUNT + "npm ci && if [ -f /root/.npmrc ]; then :; fi\n",
        ),
        # A RUN that does not get the file and asks whether it is there needs no change.
        (
            "RUN npm ci\nRUN if [ -f /root/.npmrc ]; then rm /root/.npmrc; fi\n",
            MOUNT + "npm ci\nRUN if [ -f /root/.npmrc ]; then rm /root/.npmrc; fi\n",
        ),
        ('RUN npm ci\nRUN ["rm", "/root/.npmrc"]\nRUN true\n', MOUNT + "npm ci\nRUN true\n"),
        # What a mount does not allow: the file is there for as long as the RUN lasts.
        ("RUN npm ci && rm -rf /root\n", REAL + "npm ci && rm -rf /root\n"),
        ("RUN chown -R root /root && npm ci\n", REAL + "chown -R root /root && npm ci\n"),
        ("RUN sed -i s/a/b/ ~/.npmrc && npm ci\n", REAL + "sed -i s/a/b/ ~/.npmrc && npm ci\n"),
        ("RUN sh -c 'npm ci && rm /root/.npmrc'\n", REAL + "sh -c 'npm ci && rm /root/.npmrc'\n"),
        ("RUN npm ci\nRUN rm -rf /root/.n*\n", MOUNT + "npm ci\nRUN rm -rf /root/.n*\n"),
        # Removed before: later RUNs do not need it.
        ("RUN npm ci && rm /root/.npmrc\nRUN npm test\n", MOUNT + "npm ci\nRUN npm test\n"),
        ("RUN apt-get update\nRUN npm ci\nRUN npm test\n", f"RUN apt-get update\n{MOUNT}npm ci\n{MOUNT}npm test\n"),
        ("RUN cp ~/.npmrc /tmp/n && npm ci && rm /tmp/n\n", MOUNT + "cp ~/.npmrc /tmp/n && npm ci && rm /tmp/n\n"),
        ("RUN ./install.sh\n", MOUNT + "./install.sh\n"),
        ("RUN npm ci\nFROM b\nRUN npm test\n", MOUNT + "npm ci\nFROM b\nRUN npm test\n"),
        ("RUN npm ci\nFROM a\nRUN npm test\n", MOUNT + f"npm ci\nFROM a\n{MOUNT}npm test\n"),
    ],
)
def test_before_and_after(before: str, after: str) -> None:
    head = "FROM x AS a\n"
    assert _after(f"{head}COPY .npmrc /root/.npmrc\n{before}", "/root/.npmrc") == head + after


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("RUN cp ~/.npmrc /app/ && npm ci\n", "is copied on to /app"),
        ("RUN mv ~/.npmrc /app/.npmrc\nRUN npm ci\n", "is copied on to /app/.npmrc"),
        ("RUN tar cf /x.tar /root && npm ci\n", "the folder of /root/.npmrc is copied on"),
        ("RUN echo a >> ~/.npmrc\nRUN npm ci\n", "one RUN changes /root/.npmrc and a later one uses it"),
        ("ONBUILD RUN npm ci\n", "ONBUILD"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        _retired(f"FROM a\nCOPY .npmrc /root/.npmrc\n{text}", "/root/.npmrc")
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("text", "ended", "consumers"),
    [
        ("RUN npm ci\n", False, 1),
        ("RUN npm ci\nRUN rm ~/.npmrc\n", True, 1),
        ("RUN apk add git\n", False, 0),
        ("RUN npm ci\nRUN rm -rf ~\n", True, 1),
        # One of the stages built from it keeps the file.
        ("RUN npm ci\nFROM a AS b\nRUN rm /root/.npmrc\nFROM a\n", False, 1),
        ("RUN npm ci\nFROM a AS b\nRUN rm /root/.npmrc\n", True, 1),
    ],
)
def test_end_and_consumers(text: str, ended: bool, consumers: int) -> None:
    life = _retired(f"FROM x AS a\nCOPY .npmrc /root/.npmrc\n{text}", "/root/.npmrc")[1]
    assert (life.ended, len(life.consumers)) == (ended, consumers)


@pytest.mark.parametrize(
    ("text", "unsafe"),
    [
        ("RUN chmod -R 600 /root/.ssh\nRUN git clone x\n", True),
        ("RUN mkdir -p /root/.ssh\nCOPY id_rsa /root/.ssh/\nRUN chmod -R 600 /root/.ssh && git clone x\n", False),
        ("COPY known_hosts /root/.ssh/\nRUN chmod 700 /root/.ssh\n", False),
        ("RUN ssh-keyscan h.example >> ~/.ssh/known_hosts && chmod 700 ~/.ssh\n", False),
        ("RUN rm -rf /root/.ssh\n", False),
        ("RUN rm -r /root/.ssh\n", True),
        ("RUN rm /root/.ssh/*\n", True),
    ],
)
def test_folders_that_may_be_missing_without_the_file(text: str, unsafe: bool) -> None:
    head = "" if "COPY id_rsa" in text else "COPY id_rsa /root/.ssh/id_rsa\n"
    life = _retired(f"FROM a\n{head}{text}", "/root/.ssh/id_rsa", mounted=False)[1]
    assert bool(life.unsafe) is unsafe


def test_nothing_is_left_of_a_run_that_only_cleans_up() -> None:
    text = "FROM a\nCOPY id_rsa /root/.ssh/\nRUN chmod 600 ~/.ssh/id_rsa\nRUN git clone x\nRUN rm ~/.ssh/id_rsa\n"
    assert _after(text, "/root/.ssh/id_rsa", mounted=False) == "FROM a\nRUN git clone x\n"


def test_inside_the_run_that_makes_the_file() -> None:
    text = "FROM a\nARG NPM_TOKEN\nRUN npm -v && echo x=$NPM_TOKEN > ~/.npmrc && npm ci && rm ~/.npmrc && npm test\n"
    build = follow(parse(text), "Dockerfile")
    run = build.facts.runs[0]
    life = lifetime(build, "/root/.npmrc", run.step, readers_of_file("npmrc"), inside=run)
    assert (life.consumers, life.ended) == ((run,), True)
    assert "rm ~" not in apply_edits(text, compose(build.document, life.changes))
