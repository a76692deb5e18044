"""`audit fix --wrapper`: what becomes of ENV, ENTRYPOINT, CMD and HEALTHCHECK, and what is refused."""

from __future__ import annotations

import pytest

from auditor.core.edit import Applicability
from tests.fixes.fixing import fixed
from tests.fixes.wrapping.wrappings import (
    BRING,
    ENV,
    KEEPER,
    REFERS,
    SETTING,
    VALUE,
    program,
    safe,
    unsafe,
    words,
    wrapping,
)


@pytest.mark.parametrize(
    ("start", "program_words", "commands"),
    [
        ('ENTRYPOINT ["/start", "a b"]\nCMD ["serve"]\n', ["/start", "a b"], ["serve"]),
        ('ENTRYPOINT [ "tini", "--", "/start" ]\n', ["tini", "--", "/start"], None),
        ("ENTRYPOINT exec /start \\\n  wait\n", ["/bin/sh", "-c", "exec /start   wait"], None),
        (
            'SHELL ["/bin/bash", "-euo", "pipefail", "-c"]\nENTRYPOINT /start\n',
            ["/bin/bash", "-euo", "pipefail", "-c", "/start"],
            None,
        ),
        ('CMD ["/start", "x"]\n', [], ["/start", "x"]),
        ("CMD /start $HOME\n", [], ["/start $HOME"]),
        ("", [], ["bash"]),
    ],
    ids=["exec", "spaced", "shell", "other-shell", "cmd", "cmd-shell", "inherited-cmd"],
)
def test_the_start_on_an_image_without_an_entrypoint(
    start: str, program_words: list[str], commands: list[str] | None
) -> None:
    done = safe(f"FROM debian:12\n{BRING}{ENV}{start}")
    assert REFERS in done.text and SETTING in done.text
    assert program(words(done)) == program_words
    if commands is not None:
        assert words(done, "CMD") == commands
    assert [one.applicability for one in done.rewrite.applied] == [Applicability.SAFE]


@pytest.mark.parametrize(
    ("image", "entrypoint", "command"),
    [
        ("mysql:8.4", ["docker-entrypoint.sh"], ["mysqld"]),
        ("docker.io/library/postgres:16-alpine", ["docker-entrypoint.sh"], ["postgres"]),
        ("php:8.3-fpm-alpine", ["docker-php-entrypoint"], ["php-fpm"]),
        ("nginx@sha256:" + "a" * 64, ["/docker-entrypoint.sh"], ["nginx", "-g", "daemon off;"]),
    ],
)
def test_what_a_known_image_starts_is_said_again(image: str, entrypoint: list[str], command: list[str]) -> None:
    """A new ENTRYPOINT clears the command that is inherited."""
    done = safe(f"FROM {image}\n{BRING}{ENV}")
    assert program(words(done)) == entrypoint and words(done, "CMD") == command
    own = safe(f'FROM {image}\n{BRING}{ENV}CMD ["other"]\n')
    assert program(words(own)) == entrypoint
    assert own.text.count("CMD") == 1 and own.text.index("ENTRYPOINT") < own.text.index("CMD")


def test_another_stage_says_what_is_started() -> None:
    stages = f'FROM acme/base AS one\nENTRYPOINT ["/one"]\nCMD ["x"]\nFROM one\nRUN true\n{BRING}{ENV}'
    done = safe(stages)
    assert program(words(done)) == ["/one"] and done.text.index("ENTRYPOINT") < done.text.index("FROM one")


def test_unknown_base_image_is_refused_unless_its_configuration_is_given() -> None:
    text = f"FROM acme/base:2\nRUN true\n{BRING}{ENV}"
    done = safe(text)
    assert done.text == text
    assert "how acme/base:2 starts is not known" in done.left["env-secret DB_PASSWORD"]
    given = wrapping(DB_PASSWORD=KEEPER)._replace(configs={"acme/base:2": (("/entry",), ("run",))})
    done = safe(text, given)
    assert program(words(done)) == ["/entry"] and words(done, "CMD") == ["run"]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ('HEALTHCHECK --interval=5s CMD ping -p"$DB_PASSWORD"\n', ["/bin/sh", "-c", 'ping -p"$DB_PASSWORD"']),
        ('HEALTHCHECK CMD ["ping", "-p", "x y"]\n', ["ping", "-p", "x y"]),
    ],
)
def test_a_health_check_that_needs_the_value_is_wrapped_too(check: str, expected: list[str]) -> None:
    done = safe(f'FROM debian\n{BRING}{ENV}{check}CMD ["/start"]\n')
    assert program(words(done, "HEALTHCHECK")[1:]) == expected


def test_a_probe_that_reads_no_variable_stays() -> None:
    check = "HEALTHCHECK CMD curl -f http://localhost/\n"
    assert check in safe(f'FROM debian\n{BRING}{ENV}{check}CMD ["/start"]\n').text


def test_several_variables_share_the_shell() -> None:
    more = f"ENV API_TOKEN={VALUE}x SMTP_PASSWORD=keeper://BBBB/field/password\n"
    given = wrapping(DB_PASSWORD=KEEPER, API_TOKEN="keeper://CCCC/custom_field/Token")
    done = safe(f'FROM debian\n{BRING}{ENV}{more}ENTRYPOINT ["/start"]\n', given)
    found = words(done)
    assert program(found) == ["/start"]
    for text in ("no() {", "trap 'exit 143' TERM", "unset KSM_CONFIG KSM_TOKEN", 'exec "$@"'):
        assert found[2].count(text) == 1
    for name in ("DB_PASSWORD", "API_TOKEN", "SMTP_PASSWORD"):
        assert found[2].count(f"case ${name} in keeper://*)") == 1
    assert found[2].index("SMTP_PASSWORD") < found[2].index("unset KSM_CONFIG")
    assert "API_TOKEN=keeper://CCCC/custom_field/Token SMTP_PASSWORD=keeper://BBBB/field/password" in done.text


def test_without_a_reference_a_marked_one_stands_in_its_place() -> None:
    text = f'FROM debian\n{BRING}{ENV}ENTRYPOINT ["/start"]\n'
    assert safe(text, wrapping()).text == text
    done = unsafe(text, wrapping())
    assert "ENV DB_PASSWORD=keeper://RECORD_UID/field/password\n" in done.text
    assert "has to be filled in" in done.rewrite.applied[0].reason
    assert any("--map DB_PASSWORD=" in note for note in done.rewrite.notes)


def test_what_is_not_in_the_image_is_said() -> None:
    text = f'FROM debian\n{ENV}ENTRYPOINT ["/start"]\n'
    assert safe(text).text == text
    done = unsafe(text, wrapping(DB_PASSWORD=KEEPER))
    assert "the image has to have ksm" in done.rewrite.applied[0].reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"ENV DB_PASSWORD {VALUE}\n", "ENV DB_PASSWORD {}\n"),
        (f'ENV A=1 DB_PASSWORD="{VALUE}" B=2\n', "ENV A=1 DB_PASSWORD={} B=2\n"),
        (f"ENV A=1 \\\n    DB_PASSWORD='{VALUE}'\n", "ENV A=1 \\\n    DB_PASSWORD={}\n"),
        ("ARG DB_PASSWORD\nENV DB_PASSWORD=$DB_PASSWORD\n", "ENV DB_PASSWORD={}\n"),
    ],
)
def test_forms_of_env(before: str, after: str) -> None:
    text = "FROM debian\n" + BRING + "{}" + 'ENTRYPOINT ["/start"]\n'
    assert safe(text.format(before)).text.startswith(f"FROM debian\n{BRING}{after.format(KEEPER)}")


def test_a_reference_with_blanks_is_quoted() -> None:
    given = wrapping("op", DB_PASSWORD="op://My Vault/data base/password")
    done = safe("FROM debian\nCOPY op /bin/\n" + ENV + 'ENTRYPOINT ["/start"]\n', given)
    assert 'ENV DB_PASSWORD="op://My Vault/data base/password"\n' in done.text
    assert '"$(op read --no-newline "$DB_PASSWORD")"' in words(done)[2]


def test_references_that_nothing_resolves() -> None:
    """No finding: the user asked for the wrapper."""
    done = safe(f'FROM debian\n{BRING}{REFERS}ENTRYPOINT ["/start"]\n')
    assert REFERS in done.text and program(words(done)) == ["/start"]
    variable = "ARG UID\nENV DB_PASSWORD keeper://${UID}/field/password\n"
    done = safe(f'FROM debian\n{BRING}{variable}ENTRYPOINT ["/start"]\n')
    assert variable in done.text and program(words(done)) == ["/start"]


def test_without_the_option_references_stay() -> None:
    text = f'FROM debian\n{BRING}{REFERS}ENTRYPOINT ["/start"]\n'
    assert fixed(text, unsafe=True).text == text
