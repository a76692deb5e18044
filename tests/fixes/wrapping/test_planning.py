"""`audit fix --wrapper`: what becomes of ENV, ENTRYPOINT, CMD and HEALTHCHECK, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.edit import Applicability
from auditor.core.wrappers import EXEC, SHIM, Wrapping, wrapper_named
from auditor.fixes.wrapping.scripts import shim_of
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


@pytest.mark.parametrize(
    ("start", "after"),
    [
        ('ENTRYPOINT ["ksm", "exec", "/start"]\n', 'ENTRYPOINT ["ksm", "exec", "--", "/start"]\n'),
        ("ENTRYPOINT exec ksm exec /start\n", "ENTRYPOINT exec ksm exec -- /start\n"),
        ('ENTRYPOINT ["ksm", "exec", "--", "/start"]\n', 'ENTRYPOINT ["ksm", "exec", "--", "/start"]\n'),
        ('ENTRYPOINT ["ksm", "exec", "--inline", "--", "/start"]\n', None),
    ],
)
def test_a_start_that_is_wrapped_stays_wrapped(start: str, after: str | None) -> None:
    text = f"FROM debian\n{BRING}{SETTING}{REFERS}"
    assert safe(text + start).text == text + (after or start)


def test_the_shim_in_place_of_the_plain_form() -> None:
    start = 'ENTRYPOINT ["tini", "--", "ksm", "exec", "/start", "x"]\n'
    done = safe(f"FROM debian\n{BRING}{SETTING}{REFERS}{start}", wrapping(form=SHIM))
    assert program(words(done)) == ["tini", "--", "/start", "x"]
    assert "case $DB_PASSWORD in" in words(done)[2]


def test_the_plain_form() -> None:
    text = f'FROM debian\n{BRING}{ENV}HEALTHCHECK CMD check $DB_PASSWORD\nENTRYPOINT ["/start"]\nCMD ["x"]\n'
    given = wrapping(form=EXEC, DB_PASSWORD=KEEPER)
    assert safe(text, given).text == text
    done = unsafe(text, given)
    assert words(done) == ["ksm", "exec", "--", "/start"] and SETTING in done.text
    assert words(done, "HEALTHCHECK")[1:] == ["ksm", "exec", "--", "/bin/sh", "-c", "check $DB_PASSWORD"]
    reason = done.rewrite.applied[0].reason
    assert "docker stop does not reach the program" in reason and "exit code 1" in reason


def test_a_wrapper_that_becomes_the_program_needs_no_shell() -> None:
    given = wrapping("vault-env", DB_PASSWORD="vault:secret/data/shop#password")
    done = safe(f'FROM scratch\nCOPY vault-env /\n{ENV}ENTRYPOINT ["/app"]\n', given)
    assert words(done) == ["vault-env", "/app"]
    assert "ENV VAULT_TOKEN_FILE=/run/secrets/vault_token\n" in done.text
    assert safe(f'FROM scratch\nCOPY ksm /\n{ENV}ENTRYPOINT ["/app"]\n').text.count(VALUE) == 1


def test_a_wrapper_that_asks_by_name() -> None:
    given = wrapping("chamber", SHIM, DB_PASSWORD="shop/db password")
    done = safe(f'FROM debian\nCOPY chamber /bin/\n{ENV}ENTRYPOINT ["/start"]\n', given)
    assert "DB_PASSWORD=" not in done.text.replace(words(done)[2], "").replace('DB_PASSWORD=\\"$(', "")
    assert "\"$(chamber read --quiet shop 'db password')\"" in words(done)[2]
    assert "unset" not in words(done)[2]  # AWS credentials are others' as well


def test_a_wrapper_that_takes_one_text_for_a_shell() -> None:
    exec_form = f'FROM debian\nCOPY bws /bin/\n{ENV}ENTRYPOINT ["/start"]\nCMD ["x"]\n'
    assert "one text for a shell" in unsafe(exec_form, wrapping("bws")).left["env-secret DB_PASSWORD"]
    done = unsafe(f"FROM debian\nCOPY bws /bin/\n{ENV}ENTRYPOINT /start now\n", wrapping("bws"))
    assert words(done)[4:] == ["bws", "run", "--", "/start now"]


def test_the_wrappers_own_credential_is_no_reference() -> None:
    """It leaves the image, and comes as a file."""
    text = f'FROM debian\n{BRING}{REFERS}ENV KSM_CONFIG={VALUE}\nENTRYPOINT ["ksm", "exec", "--", "/start"]\n'
    done = safe(text)
    assert done.text == f'FROM debian\n{BRING}{REFERS}{SETTING}ENTRYPOINT ["ksm", "exec", "--", "/start"]\n'
    assert any("/run/secrets/keeper.ini" in note for note in done.rewrite.notes)


def test_a_wrapper_for_some_variables_leaves_the_others() -> None:
    text = f'FROM debian\nCOPY aws-vault /bin/\n{ENV}ENTRYPOINT ["/start"]\n'
    done = safe(text, wrapping("aws-vault"))
    assert "/run/secrets/db_password" in words(done)[2]


def test_the_build_gets_its_secret_as_well() -> None:
    done = safe(f'FROM debian\n{BRING}{ENV}RUN use "$DB_PASSWORD"\nENTRYPOINT ["/start"]\n')
    assert "--mount=type=secret,id=db_password,required=true" in done.text and REFERS in done.text


def test_the_dockerfile_of_keepers_manual() -> None:
    """Its ENTRYPOINT clears mysql's command, and its ARG bakes the whole vault access."""
    text = (
        "FROM mysql:8.4\nARG BUILD_KSM_INI_CONFIG\nARG BUILD_ROOT_UID\nRUN pip3 install keeper-secrets-manager-cli\n"
        "RUN ksm profile import $(printenv --null BUILD_KSM_INI_CONFIG)\n"
        "ENV MYSQL_ROOT_PASSWORD keeper://${BUILD_ROOT_UID}/field/password\n"
        'ENTRYPOINT ["ksm", "exec", "--", "docker-entrypoint.sh"]\n'
    )
    assert unsafe(text, wrapping()).text == (
        "FROM mysql:8.4\nARG BUILD_ROOT_UID\nRUN pip3 install keeper-secrets-manager-cli\n"
        "ENV MYSQL_ROOT_PASSWORD keeper://${BUILD_ROOT_UID}/field/password\n"
        f'{SETTING}ENTRYPOINT ["ksm", "exec", "--", "docker-entrypoint.sh"]\nCMD ["mysqld"]\n'
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("head", ["", "# escape=`\n", "\ufeff"])
def test_line_ends_and_heads_stay(line_end: str, head: str) -> None:
    text = head + f"FROM mysql:8.4\n{BRING}{ENV}# the end"
    done = safe(text.replace("\n", line_end))
    assert done.text.startswith(head.replace("\n", line_end) + "FROM mysql:8.4" + line_end)
    assert done.text.replace(line_end, "").find("\n") < 0
    assert program(words(done)) == ["docker-entrypoint.sh"]


def test_a_script_of_the_context_that_asks_the_wrapper_itself(tmp_path: Path) -> None:
    (tmp_path / "start").write_text('#!/bin/sh\nexec ksm exec -- /server "$@"\n')
    text = f'FROM debian\n{BRING}COPY start /start\n{SETTING}{ENV}ENTRYPOINT ["/start"]\n'
    done = fixed(text, wrapping=wrapping(DB_PASSWORD=KEEPER), context=tmp_path)
    assert done.text == text.replace(VALUE, KEEPER)


@pytest.mark.parametrize(
    ("name", "form", "why"), [("akeyless", EXEC, "starts no program"), ("bws", SHIM, "no command")]
)
def test_forms_that_a_wrapper_does_not_have(name: str, form: str, why: str) -> None:
    done = unsafe(f'FROM debian\n{ENV}ENTRYPOINT ["/start"]\n', wrapping(name, form))
    assert why in done.left["env-secret DB_PASSWORD"]


@pytest.mark.parametrize(
    "name", ["ksm", "op", "doppler", "infisical", "vault-agent", "sops", "akeyless", "conjur", "dotenvx"]
)
def test_no_shim_has_a_secret_or_a_reference_in_its_arguments(name: str) -> None:
    """References of values stay in ENV; names are quoted for the shell."""
    given = wrapping(name, SHIM, A="a'; touch /tmp/x; '/b#c")
    script = shim_of(given, ["A"]).argv[2]
    assert "; touch /tmp/x; '/b" not in script.replace("'\"'\"'; touch", "")
