"""From a rewrite and the options to what is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.core.config import Settings
from auditor.core.edit import Applicability
from auditor.core.finding import Finding, Location, Severity, Target
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.fixes.plan import BuildSecret
from auditor.run.proving.asking import wish_of
from auditor.run.proving.options import OptionError, given_options
from auditor.run.proving.shapes import ProofError, Wish
from auditor.run.proving.stages import stages_on_the_way
from auditor.run.rewrite.options import ProveOptions
from auditor.run.rewrite.outcome import Applied, FileChange, Rewrite
from tests.run.proving.fakes import TOKEN

BEFORE, AFTER = "FROM base.example/a\nARG T\nCOPY . /app\n", "FROM base.example/a\nCOPY . /app\n"
NONE = ProveOptions()


def asked(folder: Path, *changes: FileChange, options: ProveOptions = NONE, **given: Any) -> Wish:
    """The wish for a rewrite of `Dockerfile` there."""
    path = str(folder / "Dockerfile")
    rewrite = Rewrite(path, Target(path, "dockerfile"))
    rewrite.changes = list(changes)
    rewrite.secrets = [BuildSecret("t", "variable", "T", argument=True), BuildSecret("npmrc", "file")]
    finding = Finding("x", Severity.HIGH, Location(path, 1, 1, 1, 2, Span(0, 1)), "m", "s", secret=Secret(TOKEN, "key"))
    rewrite.applied = [Applied("t", Applicability.SAFE, "r", (finding, finding))]
    settings = Settings()
    for name, value in given.items():
        setattr(settings, name, value)
    return wish_of(rewrite, settings, options)


def dockerfile(context: Path, before: str = BEFORE, after: str = AFTER) -> FileChange:
    (context / "Dockerfile").write_text(before)
    return FileChange(str(context / "Dockerfile"), "dockerfile", before, after)


def test_the_whole(context: Path) -> None:
    options = ProveOptions(("id=t",), ("A=1",), ("default",), ("ls",), True, ("--network host --pull",))
    made = asked(context, dockerfile(context), options=options, target="app")
    assert (made.dockerfile, made.context) == (str(context / "Dockerfile"), str(context))
    assert (made.before, made.after) == (BEFORE.encode(), AFTER.encode())
    assert made.arguments == {"T"} and [secret.id for secret in made.secrets] == ["t", "npmrc"]
    assert made.values == (Secret(TOKEN, "key"),)
    assert made.given == (("id=t",), ("A=1",), ("default",))
    assert (made.target, made.command, made.keep_images) == ("app", ("ls",), True)
    assert made.options == ("--network", "host", "--pull")
    assert made.ignore_before is None and made.ignore_after is None


def test_the_context_is_guessed(context: Path) -> None:
    folder = context / "docker"
    folder.mkdir()
    (context / ".git").mkdir()
    text = "FROM base.example/a\nCOPY app.txt /\n"
    change = dockerfile(folder, text, text + "\n")
    assert asked(folder, change).context == str(context)
    assert asked(folder, change, context=str(folder)).context == str(folder)


def test_ignore_files(context: Path) -> None:
    """What is on the disk counts for both where the rewrite has no other one; the Dockerfile's own goes first."""
    (context / ".dockerignore").write_text("a\n")
    made = asked(context, dockerfile(context))
    assert (made.ignore_before, made.ignore_after) == ("a\n", "a\n")
    change = FileChange(str(context / ".dockerignore"), "ignore", "a\n", "a\n.env\n")
    made = asked(context, change)
    assert made.before == made.after == BEFORE.encode()
    assert (made.ignore_before, made.ignore_after) == ("a\n", "a\n.env\n")
    (context / "Dockerfile.dockerignore").write_text("b\n")
    assert asked(context, dockerfile(context)).ignore_before == "b\n"


@pytest.mark.parametrize(
    ("instruction", "sent"),
    [
        ("COPY . /app", {"Dockerfile", "ci/build.sh"}),
        ("COPY ./ci/ /app", {"ci/build.sh"}),
        ("COPY */build.sh /app", {"ci/build.sh"}),
        ('COPY ["Docker*", "/app"]', {"Dockerfile"}),
        ("ADD $SOURCE /app", {"Dockerfile", "ci/build.sh"}),
        ("RUN --mount=target=/src make", {"Dockerfile", "ci/build.sh"}),
        ("RUN --mount=type=bind,from=other,target=/src make", set()),
        ("RUN --mount=type=cache,target=/src make", set()),
        ("COPY --from=other . /app", set()),
        ("COPY app.txt ci-tools /app", set()),
    ],
)
def test_changed_files_that_the_build_copies(instruction: str, sent: set[str], context: Path) -> None:
    (context / "ci").mkdir()
    (context / "ci" / "build.sh").write_text("old\n")
    text = f"FROM base.example/a\n{instruction}\n"
    script = FileChange(str(context / "ci" / "build.sh"), "script", "old\n", "new\n")
    outside = FileChange(str(context.parent / "x.sh"), "script", "old\n", "new\n")
    made = asked(context, dockerfile(context, "# old\n" + text, text), script, outside, context=str(context))
    assert set(made.new_files) == sent
    ignored = FileChange(str(context / ".dockerignore"), "ignore", None, "*\n")
    assert not asked(context, dockerfile(context, "# old\n" + text, text), script, ignored).new_files


def test_no_dockerfile(context: Path) -> None:
    with pytest.raises(ProofError, match="cannot be read"):
        asked(context, FileChange(str(context / ".dockerignore"), "ignore", None, "a\n"))


def test_build_options() -> None:
    assert given_options(["--network=host", "--add-host 'a:1.2.3.4'"]) == ("--network=host", "--add-host", "a:1.2.3.4")
    for text in (
        "host",
        "",
        "-t x",
        "-tx",
        "--tag=x",
        "--build-arg A=b",
        "--pull --secret id=a",
        "'--x",
        "--",
        "--pull -",
    ):
        with pytest.raises(OptionError, match=r"^--build-option: "):
            given_options([text])


def test_stages() -> None:
    one, other, two = (b"FROM a.example/a AS one\n", b"FROM a.example/a\n", b"# x\nFROM one AS two\n")
    text = one + other + two + b"FROM scratch\nCOPY --from=two /x /\n"
    assert stages_on_the_way(text, "") == {0: one, 2: one + other + two}
    assert stages_on_the_way(text, "two") == {0: one}
    assert stages_on_the_way(b"FROM scratch\n", "") == {}
