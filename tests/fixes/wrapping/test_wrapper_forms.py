"""`audit fix --wrapper`: what is wrapped already, the plain form, and wrappers of other kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.wrappers import EXEC, SHIM
from auditor.fixes.wrapping.scripts import shim_of
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


def test_a_variable_that_is_a_file_as_well_is_refused() -> None:
    text = f"FROM postgres:16\n{BRING}ENV POSTGRES_PASSWORD={VALUE} POSTGRES_PASSWORD_FILE=/run/secrets/x\n"
    done = unsafe(text, wrapping(POSTGRES_PASSWORD=KEEPER))
    assert done.text == text and "POSTGRES_PASSWORD_FILE is set as well" in done.left["env-secret POSTGRES_PASSWORD"]


@pytest.mark.parametrize("start", ["ENTRYPOINT []\n", "ENTRYPOINT \n", 'ENTRYPOINT [ ]\nCMD ["x"]\n'])
@pytest.mark.parametrize("name", ["ksm", "doppler", "bws", "vault-env"])
def test_an_entrypoint_without_words_is_refused(start: str, name: str) -> None:
    text = f"FROM debian\nRUN true\n{ENV}{start}"
    assert unsafe(text, wrapping(name)).text == text


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
