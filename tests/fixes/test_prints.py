"""Commands that print a secret go, where they do nothing else; what is left ends as it did."""

from __future__ import annotations

import pytest

from auditor.fixes import prints
from tests.fixes.fixing import fixed
from tests.fixes.planning import planned

HEAD = "FROM debian:12\nARG TOKEN\n"
FETCH = 'curl -H "X-Api-Key: $TOKEN" https://h.example/x -o /x'
GIVEN = "FROM debian:12\nRUN --mount=type=secret,id=token,required=true \\\n"
GIVEN += '    export TOKEN="$(cat /run/secrets/token)"; \\\n    '


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"echo $TOKEN && {FETCH}", FETCH),
        (f'{FETCH} && printf "%s\\n" "$TOKEN" >&2', FETCH),
        (f"echo a; echo $TOKEN | base64; {FETCH}", f"echo a; {FETCH}"),
        (f"{FETCH}; echo $TOKEN", f"{FETCH}; :"),
        (f"{FETCH} || echo no $TOKEN", f"{FETCH} || :"),
        (f"if true; then echo $TOKEN; fi; {FETCH}", f"if true; then :; fi; {FETCH}"),
        (f"set -eux; {FETCH}", f"set -eu; {FETCH}"),
    ],
)
def test_print_goes(before: str, after: str) -> None:
    assert fixed(f"{HEAD}RUN {before}\n").text == f"{GIVEN}{after}\n"


def test_tee_writes_without_printing() -> None:
    netrc = "machine git.example login ci password"
    before = f'{HEAD}RUN echo "{netrc} $TOKEN" | tee /root/.netrc'
    quiet = f'echo "{netrc} $TOKEN" | tee /root/.netrc > /dev/null'
    trap = "trap 'rm -f /root/.netrc' EXIT; \\\n    "
    assert fixed(f"{before} && go mod download\n").text == f"{GIVEN}{trap}{quiet} && go mod download\n"
    given = f"{GIVEN}{trap}{quiet} || exit 1; \\\n    go mod download\n"
    assert fixed(f"{before}\nRUN go mod download\n").text == given
    for text in (f"{before} | wc -c\n", f"{before} /dev/stderr\n"):
        assert "/dev/null" not in fixed(text).text


def test_a_run_that_only_prints_goes() -> None:
    assert fixed(f"{HEAD}RUN echo $TOKEN\nRUN printenv TOKEN\n").text == "FROM debian:12\n"


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("echo $(./make-it) $TOKEN", "part of a larger command"),
        ("echo ${TOKEN:?missing}", "part of a larger command"),
        ("sh -c 'echo $TOKEN; make'", "part of a larger command"),
    ],
)
def test_what_does_more_stays(run: str, reason: str) -> None:
    done = fixed(f"{HEAD}RUN {run}\n")
    assert done.text == f"{HEAD}RUN {run}\n"
    assert any(reason in why for why in done.left.values()), done.left


def test_a_run_that_mounts_a_secret_to_print_it_is_its_authors_business() -> None:
    text = "FROM debian:12\nRUN --mount=type=secret,id=t \\\n    cat /run/secrets/t\n"
    done = fixed(text, unsafe=True)
    assert done.text == text
    assert any("for its author to say" in why for why in done.left.values())


@pytest.mark.parametrize("run", ["sh -xc 'make $TOKEN'", "bash -x make.sh $TOKEN"])
def test_a_shell_that_traces_is_left(run: str) -> None:
    done = planned(prints.plans, f"{HEAD}RUN {run}\n", unsafe=True)
    assert not done.plans


@pytest.mark.parametrize("run", ['exec >/etc/x.conf; echo "token=$TOKEN"', 'exec 3>/x; exec >&3; echo "$TOKEN"'])
def test_what_exec_leads_into_a_file_is_no_line_of_the_log(run: str) -> None:
    done = planned(prints.plans, f"{HEAD}RUN {run}\n", unsafe=True)
    assert not done.plans


def test_exec_that_leads_to_the_log() -> None:
    assert fixed(f"{HEAD}RUN exec 2>&1; echo $TOKEN; {FETCH}\n").text == f"{GIVEN}exec 2>&1; {FETCH}\n"
