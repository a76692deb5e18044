"""`audit history`: the Dockerfile of an image, with sizes and findings, and as text that can be built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.lang.dockerfile.parser import parse
from tests.run.images.configs import CHOSEN, GITHUB, NPM
from tests.run.images.imagemaking import Ran, config_of, layer, run, saved, sha, written

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
LAYERS = [layer({"etc/motd": b"hello\n"}), layer({"app/.env": TOKEN, "big": bytes(100_000)})]
BUILDKIT = [
    "/bin/sh -c #(nop) ADD file:1 in / ",
    f"ENV DB_PASSWORD={CHOSEN}!",
    f"RUN |1 NPM_TOKEN={NPM} /bin/sh -c make all # buildkit",
    'CMD ["run" "it"]!',
]
LEGACY = [
    "/bin/sh -c #(nop) ADD file:1 in / ",
    f"/bin/sh -c #(nop)  ENV DB_PASSWORD={CHOSEN}!",
    f"|1 NPM_TOKEN={NPM} /bin/sh -c make all",
    '/bin/sh -c #(nop)  CMD ["run" "it"]!',
]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


def history(capsys: pytest.CaptureFixture[str], *argv: str) -> Ran:
    """Run the command; nothing that it prints holds a value."""
    ran = run(capsys, *argv, "--isolated", command="history")
    assert [value for value in (GITHUB, NPM, CHOSEN) if value in ran.out + ran.err] == []
    return ran


def config(made: list[Any]) -> dict[str, Any]:
    """The image's."""
    return config_of(made, Env=[f"DB_PASSWORD={CHOSEN}"])


@pytest.mark.parametrize("made", [BUILDKIT, LEGACY], ids=["buildkit", "legacy"])
def test_rows_sizes_and_findings(made: list[str], image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = history(capsys, written(image, saved(LAYERS, config(made))))
    lines = ran.out.splitlines()
    assert ran.code == 1
    run_line = next(at for at, line in enumerate(lines) if " RUN make" in line)
    assert lines[run_line].split()[:3] == ["1", "113", "kB"]
    below = "\n".join(lines[run_line:])
    assert "known-token  layer 1: app/.env:1" in below
    assert "with build arguments NPM_TOKEN" in ran.out
    env = next(at for at, line in enumerate(lines) if " ENV DB_PASSWORD=" in line)
    assert "env-secret" in "\n".join(lines[env : run_line - 1])
    assert any(line.endswith('CMD ["run", "it"]') for line in lines)


@pytest.mark.parametrize("made", [BUILDKIT, LEGACY], ids=["buildkit", "legacy"])
def test_plain_text_is_a_dockerfile(made: list[str], image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = history(capsys, written(image, saved(LAYERS, config(made))), "--plain")
    document = parse(ran.out)
    assert document.error is None
    assert [one.keyword for one in document.instructions] == ["FROM", "ADD", "ENV", "RUN", "CMD"]


HOSTILE = [
    "RUN /bin/sh -c echo \x1b[31mred\x1b]0;title\x07 # buildkit",
    "RUN /bin/sh -c printf '\u202egnp.exe\u2066' # buildkit",
    "RUN /bin/sh -c a\r\nFROM evil.example/x\n# buildkit",
    "COPY \x9b31m x # buildkit",
    "ENV A='\nUSER root",
    "RUN /bin/sh -c " + "x" * 100_000 + " # buildkit",
    "\0\0\0",
    "::set-output name=x::y",
    "",
]


@pytest.mark.parametrize("options", [[], ["--plain"]], ids=["text", "plain"])
@pytest.mark.parametrize("made", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_instructions(made: str, options: list[str], image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries: list[object] = [{"created_by": made, "comment": made, "author": made, "created": made}]
    ran = history(capsys, written(image, saved(LAYERS[:1], config_of(entries))), *options)
    assert ran.code == 0
    shown = ran.out + ran.err
    assert [sign for sign in "\x1b\x9b\x07\0\r\u202e\u2066" if sign in shown] == []
    if options:
        document = parse(ran.out)
        assert document.error is None
        assert [one.keyword for one in document.instructions][:1] == ["FROM"]
        assert "evil.example" not in "".join(
            str(one.body.text) for one in document.instructions if one.keyword == "FROM"
        )


@pytest.mark.parametrize(
    "made",
    [
        {"history": "text"}, {"history": [1, None, [], {}]}, {"history": [{"created_by": 5}]}, {"history": {}},
        {"history": [{"created_by": "RUN x", "empty_layer": "no"}] * 3}, {"config": []}, {"rootfs": []}, {"os": {}},
    ],
    ids=str,
)  # fmt: skip
def test_configs_of_wrong_types(made: dict[str, Any], image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = history(capsys, written(image, saved(LAYERS, made)))
    assert ran.code in (1, 3)


def test_no_history(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = history(capsys, written(image, saved(LAYERS)))
    assert ran.code == 1
    assert "The image has no history." in ran.out and "app/.env" in ran.out


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--exit-zero"], 0), (["--fail-on", "critical"], 0), (["--fail-on", "never"], 0), ([], 1),
        (["--fail-on", "sometimes"], 2), (["--no-such"], 2), (["--base", "sha256:" + "0" * 64], 2),
        (["--base", sha(LAYERS[0])], 1),
    ],
    ids=str,
)  # fmt: skip
def test_exit_codes(argv: list[str], code: int, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(capsys, written(image, saved(LAYERS, config(BUILDKIT))), *argv).code == code


def test_nothing_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(capsys).code == 2
    assert history(capsys, str(tmp_path / "none.tar")).code == 2
    data = saved(LAYERS, config(BUILDKIT))
    ran = history(capsys, written(tmp_path / "cut.tar", data[: len(data) // 2]))
    assert ran.code == 3 and "error" in ran.err


def test_less_severe_findings_are_left_out(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(image, saved(LAYERS, config(BUILDKIT)))
    assert "known-token" not in history(capsys, str(image), "--min-severity", "critical").out
    assert "\x1b[" in history(capsys, str(image), "--color", "always").out
