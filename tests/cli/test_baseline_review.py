"""`audit baseline review`: answers from lines, each saved at once."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import baselinereview
from auditor.cli.main import main
from auditor.core.acceptance import Acceptances

VALUE = "Tundra-42" + "-kite"
OTHER = "Other-77" + "-harbour"
DOCKERFILE = f"FROM node:22\nENV DB_PASSWORD={VALUE}\n"
NAME = "audit-baseline.jsonl"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.ini").write_text(f'user = "shop"\npassword = "{OTHER}"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Reviewer:
    """Runs reviews with these answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *answers: str, options: tuple[str, ...] = ()) -> str:
        stdin = io.TextIOWrapper(io.BytesIO("".join(f"{answer}\n" for answer in answers).encode()))
        self._monkeypatch.setattr(sys, "stdin", stdin)
        self._capsys.readouterr()
        assert main(["baseline", "review", *options]) == 0
        return self._capsys.readouterr().out


@pytest.fixture
def review(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reviewer:
    return Reviewer(monkeypatch, capsys)


def entries() -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(NAME).read_text().splitlines()][1:]


def test_findings_are_shown_masked_with_their_lines(review: Reviewer) -> None:
    out = review()
    assert "[1/3] new\nDockerfile:2:17  high  env-secret\n" in out
    assert "2 | ENV DB_PASSWORD=****" in out
    assert VALUE not in out
    assert out.endswith(f"{NAME}: 0 answered, 3 of 3 left\n")
    assert not Path(NAME).exists()


def test_the_reviewer_may_see_the_values(review: Reviewer) -> None:
    assert VALUE in review(options=("--show-secrets",))
    assert VALUE in review("a", "r", "", options=("--show-secrets",))
    assert VALUE not in Path(NAME).read_text()


def test_every_answer_is_written_down(review: Reviewer) -> None:
    out = review("a", "", "a test value", "30d", "s", "k")
    assert out.endswith("2 answered, 1 of 3 left\n")
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    said = {
        (row["path"], row["rule"]): {k: row[k] for k in row if k in ("secret", "reason", "expires")}
        for row in entries()
    }
    assert said == {
        ("Dockerfile", "env-secret"): {"reason": "a test value", "expires": until},
        ("Dockerfile", "assigned-secret"): {"secret": True},
    }
    assert main(["lint", "--baseline", NAME]) == 0
    assert main(["scan", "--baseline", NAME]) == 1
    again = review()
    assert "[1/1] new\napp.ini:2:13" in again


def test_a_value_in_an_answer_is_not_written_down(review: Reviewer) -> None:
    review("a", f"{OTHER} is a test value", "")
    assert entries()[0]["reason"] == "**** is a test value"


def test_accepted_ones_without_a_reason_are_asked_for(review: Reviewer) -> None:
    main(["baseline", "create"])
    assert "[1/3] accepted without a reason\n" in review("s")
    assert [row.get("secret") for row in entries() if row["rule"] == "env-secret"] == [True]
    assert main(["lint", "--baseline", NAME]) == 1


def test_expired_ones_are_asked_for_again(review: Reviewer) -> None:
    review("a", "first", "")
    text = Path(NAME).read_text().replace('"first"', '"first", "expires": "2020-01-01"')
    Path(NAME).write_text(text)
    assert "[1/3] accepted until 2020-01-01: first\n" in review("a", "again", "")
    assert [(row["reason"], row.get("expires")) for row in entries()] == [("again", None)]


def test_one_can_go_back_and_answer_again(review: Reviewer) -> None:
    out = review("b", "a", "one", "", "b", "s", "q")
    assert "[1/3] accepted: one\n" in out
    assert [(row.get("secret"), row.get("reason")) for row in entries()] == [(True, None)]


@pytest.mark.parametrize(
    "answers", [(), ("a",), ("a", "reason"), ("what", "?", "\x1b[2J"), ("a", "reason", "tomorrow")]
)
def test_what_is_not_answered_is_not_saved(review: Reviewer, answers: tuple[str, ...]) -> None:
    out = review(*answers)
    assert out.endswith("0 answered, 3 of 3 left\n")
    assert "\x1b" not in out
    assert not Path(NAME).exists()


def test_a_wrong_day_is_asked_for_again(review: Reviewer) -> None:
    assert "the day: must be a day" in review("a", "reason", "tomorrow", "2020-01-01", "2999-01-01")
    assert entries()[0]["expires"] == "2999-01-01"


def test_an_interrupt_keeps_what_was_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["s"])

    def interrupted(_question: str) -> str:
        for answer in answers:
            return answer
        raise KeyboardInterrupt

    monkeypatch.setattr(baselinereview, "_answer", interrupted)
    assert main(["baseline", "review"]) == 130
    assert capsys.readouterr().out.endswith("1 answered, 2 of 3 left\n")
    assert len(entries()) == 1


def test_bytes_that_are_no_text_and_long_lines_are_a_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"a\n\xff\x00" + b"x" * 3_000 + b"\n\nq\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["baseline", "review"]) == 0
    assert len(str(entries()[0]["reason"])) == 1_000
    assert main(["lint", "--baseline", NAME]) == 0


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["baseline", "review"]) == 2
    assert "standard input is closed" in capsys.readouterr().err


def test_what_others_write_during_a_review_stays(review: Reviewer, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["a", "mine", "", "a", "mine, too", ""])
    review("a", "old", "")

    def answer(_question: str) -> str:
        text = next(answers, "q")
        if text == "mine, too":
            Path(NAME).write_text(Path(NAME).read_text().replace('"reason": "old"', '"reason": "theirs"'))
        return text

    monkeypatch.setattr(baselinereview, "_answer", answer)
    review()
    assert sorted(str(row["reason"]) for row in entries()) == ["mine", "mine, too", "theirs"]


@pytest.mark.parametrize("action", [("update",), ("prune",), ("import", "old.json")])
def test_what_others_write_during_a_run_is_not_lost(
    action: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from auditor.cli import baselineruns, baselinetask

    Path("old.json").write_text("[]")
    main(["baseline", "create", "--only", "lint"])
    theirs = Path(NAME).read_text()[:-2] + ', "reason": "theirs"}\n'

    def look(task: baselinetask.Task, known: Acceptances) -> object:
        looked = baselinetask.looked_at(task, known)
        Path(NAME).write_text(theirs)
        return looked

    monkeypatch.setattr(baselineruns, "looked_at", look)
    capsys.readouterr()
    assert main(["baseline", *action]) == 2
    assert "somebody has changed it meanwhile" in capsys.readouterr().err
    assert Path(NAME).read_text() == theirs


def test_the_end_of_a_long_line_is_no_further_answer(review: Reviewer) -> None:
    assert "1 answered" in review("a", "x" * 4_000 + "2", "")
    assert [row.get("expires") for row in entries()] == [None]
    assert "0 answered" in review(" " * 4_000 + "s")


def test_a_number_of_days_is_taken_whole_or_not_at_all(review: Reviewer) -> None:
    assert "a number of days as 90d, not '9999999d'" in review("a", "why", "9999999d", "")
    assert [row.get("expires") for row in entries()] == [None]
