"""What a build has to be given: secrets that a build can do without, and what it holds then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.fixing import fixed

FETCH = 'curl -H "X: $TOKEN" https://h.example/'
READ = "$(cat /run/secrets/token{})"


def exported(step: str, *, head: str = "ARG TOKEN\n", form: str = "file", context: Path | None = None) -> str:
    """What the RUN begins with after the fix."""
    after = fixed(f"FROM a\n{head}{step}\n", form=form, context=context).text
    assert "ARG" not in after
    return after.partition("RUN ")[2].partition("; \\\n")[0]


@pytest.mark.parametrize(
    "test",
    [
        '[ -n "$TOKEN" ]', "test -z $TOKEN", "[ \"$TOKEN\" ]", '[ "$TOKEN" != "" ]', "[[ '' == $TOKEN ]]",
        '[ "x$TOKEN" != x ]', 'test "${TOKEN}"', "[ ${TOKEN:-none} = none ]",
    ],
)  # fmt: skip
def test_an_empty_value_is_asked_for(test: str) -> None:
    given = exported(f"RUN {test} && {FETCH}")
    assert "required" not in given and READ.format(" 2>/dev/null || true") in given


def test_a_case_has_an_empty_value() -> None:
    assert "required" not in exported(f'RUN case "$TOKEN" in "") true ;; *) {FETCH} ;; esac')


@pytest.mark.parametrize("test", ['[ "$TOKENS" ]', '[ "$TOKEN" = "$OTHER" ]', '[ "x$TOKEN" = xy ]', "test -f $TOKEN"])
def test_other_questions_leave_it_required(test: str) -> None:
    assert "required=true" in exported(f"RUN {test} && {FETCH}")


def test_a_script_of_the_context_asks(tmp_path: Path) -> None:
    script = tmp_path / "get.sh"
    step = "COPY get.sh /get.sh\nRUN sh /get.sh"
    script.write_text(f'if [ -n "$TOKEN" ]; then {FETCH}; fi\n')
    assert "required" not in exported(step, context=tmp_path)
    script.write_text(f"{FETCH}\n")
    assert "required=true" in exported(step, context=tmp_path)


@pytest.mark.parametrize("test", ['[ "$TOKEN" != none ]', "[ 'none' = \"${TOKEN}\" ]", "case $TOKEN in none) ;; esac;"])
def test_a_default_that_is_asked_for_stays(test: str) -> None:
    head = "ARG TOKEN=none\n"
    given = exported(f"RUN {test} && {FETCH}", head=head)
    assert given.endswith('export TOKEN="$([ -s /run/secrets/token ] && cat /run/secrets/token || echo none)"')
    given = exported(f"RUN {test} && {FETCH}", head=head, form="env")
    assert "required" not in given and given.endswith('export TOKEN="${TOKEN:-none}"')


def test_a_default_that_nobody_asks_for_goes() -> None:
    assert "required=true" in exported(f"RUN {FETCH}", head="ARG TOKEN=none\n")


@pytest.mark.parametrize("name", ["USER_NAME_TOKEN", "NAMED_USE_TOKEN"])
def test_any_name_is_found(name: str) -> None:
    after = fixed(f'FROM a\nARG {name}\nRUN [ -n "${name}" ] && [ "${name}" ] && curl -H "X: ${name}" h.example\n').text
    assert f"id={name.lower()} " in after


@pytest.mark.parametrize("name", ["A(TOKEN", "A+_TOKEN", "[TOKEN", "A\\TOKEN"])
def test_a_name_that_no_shell_takes(name: str) -> None:
    text = f"FROM a\nARG {name}\nADD https://u:${{{name}}}@h.example/x /x\nRUN curl ${{{name}}} h.example\n"
    assert fixed(text, unsafe=True).text == text
