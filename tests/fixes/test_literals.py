"""Secrets that stand in RUN commands: the value goes, the rest of the command stays byte for byte."""

from __future__ import annotations

import pytest

from auditor.fixes.callers import needs
from tests.fixes.fixing import fixed

ONE, TWO = "tk10" + "-Jn3BtK7qFe2YsRg8VxMw", "tk11" + "-Kq8WzPm4RtY6UcNb2LxDs"
FROM = "FROM debian:12\n"


def _mount(name: str, more: str = "") -> str:
    return f"--mount=type=secret,id={name}{more},required=true"


def _read(name: str) -> str:
    return f"$(cat /run/secrets/{name})"


NPM = f'NPM_TOKEN="{_read("npm_token")}" npm ci'


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        (f'curl -H "Authorization: Bearer {ONE}" https://h.example/x -o x', "curl_authorization", None),
        (
            f"curl -H 'X-Api-Key: {ONE}' https://h.example/x -o x",
            "x_api_key",
            f"curl -H 'X-Api-Key: '\"{_read('x_api_key')}\" https://h.example/x -o x",
        ),
        (
            f"curl -u ci:{ONE} https://h.example/x",
            "curl_password",
            f'curl -u ci:"{_read("curl_password")}" https://h.example/x',
        ),
        (f"NPM_TOKEN={ONE} npm ci", "npm_token", f'NPM_TOKEN="{_read("npm_token")}" npm ci'),
        (
            f"export DB_PASSWORD='{ONE}' && ./migrate",
            "db_password",
            f'export DB_PASSWORD="{_read("db_password")}" && ./migrate',
        ),
        (f"./tool --token={ONE} --other", "tool_token", f'./tool --token="{_read("tool_token")}" --other'),
        (f'wget "https://h.example/x?token={ONE}&y=1"', "wget_token", None),
        (
            f"pip install -i https://ci:{ONE}@h.example/simple x",
            "h_example_password",
            f'pip install -i https://ci:"{_read("h_example_password")}"@h.example/simple x',
        ),
        (f"sh -c 'API_TOKEN={ONE} ./x'", "api_token", f"sh -c 'API_TOKEN=\"{_read('api_token')}\" ./x'"),
        (f'sh -c "API_TOKEN={ONE} ./x"', "api_token", f'sh -c "API_TOKEN=\\"\\{_read("api_token")}\\" ./x"'),
    ],
)
def test_value_goes_and_the_command_stays(before: str, name: str, after: str | None) -> None:
    after = after if after is not None else before.replace(ONE, _read(name))
    done = fixed(f"{FROM}RUN {before}\n")
    assert done.text == f"{FROM}RUN {_mount(name)} \\\n    {after}\n"
    assert [secret.id for secret in done.secrets] == [name]


def test_a_value_at_several_places_is_one_secret_even_where_nothing_says_so() -> None:
    done = fixed(f"{FROM}RUN curl -u ci:{ONE} https://h.example/x\nRUN fetch-it {ONE} && echo fetched with {ONE}\n")
    assert ONE not in done.text
    assert [secret.id for secret in done.secrets] == ["curl_password"]
    assert 'fetch-it "$(cat /run/secrets/curl_password)"\n' in done.text


def test_two_values_are_two_secrets() -> None:
    done = fixed(f"{FROM}RUN curl -u ci:{ONE} https://h.example/x && curl -u ci:{TWO} https://h.example/y\n")
    assert [secret.id for secret in done.secrets] == ["curl_password", "curl_password_2"]
    assert ONE not in done.text
    assert TWO not in done.text


def test_one_place_that_cannot_change_keeps_all_of_a_value() -> None:
    text = f"{FROM}RUN NPM_TOKEN={ONE} npm ci\nRUN cat <<'EOF' > /x && NPM_TOKEN={ONE} npm ci\n{ONE}\nEOF\n"
    done = fixed(text)
    assert done.text == text
    assert "delimiter is quoted" in done.left["literal-secret NPM_TOKEN"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            f"RUN <<EOF\nset -ex\nNPM_TOKEN={ONE} npm ci\nEOF\n",
            f"RUN {_mount('npm_token')} <<EOF\nset -e\n{NPM}\nEOF\n",
        ),
        (
            f"RUN mysql --password={ONE} <<EOF\nselect 1;\nEOF\n",
            f'RUN {_mount("mysql_password")} \\\n    mysql --password="{_read("mysql_password")}" <<EOF\n'
            "select 1;\nEOF\n",
        ),
        (
            f'RUN ["sh", "-c", "NPM_TOKEN={ONE} npm ci"]\n',
            f'RUN {_mount("npm_token")} ["sh", "-c", "NPM_TOKEN=\\"{_read("npm_token")}\\" npm ci"]\n',
        ),
        (
            f'RUN ["curl", "-u", "ci:{ONE}", "https://h.example/a b"]\n',
            f'RUN {_mount("curl_password")} ["/bin/sh", "-c", '
            f'"exec curl -u \\"ci:{_read("curl_password")}\\" \\"https://h.example/a b\\""]\n',
        ),
        (
            f'RUN ["curl", "-H", "Authorization: Bearer {ONE}", "https://h.example/"]\n',
            f'RUN {_mount("curl_authorization")} ["/bin/sh", "-c", '
            f'"exec curl -H \\"Authorization: Bearer {_read("curl_authorization")}\\" https://h.example/"]\n',
        ),
        (
            f'SHELL ["/bin/bash", "-c"]\nRUN gh auth status <<< x; curl -u ci:{ONE} https://h.example/x\n',
            f'SHELL ["/bin/bash", "-c"]\nRUN {_mount("curl_password")} \\\n'
            f'    gh auth status <<< x; curl -u ci:"{_read("curl_password")}" https://h.example/x\n',
        ),
        (
            f"USER 1000\nRUN NPM_TOKEN={ONE} npm ci\n",
            f"USER 1000\nRUN {_mount('npm_token', ',uid=1000')} \\\n    {NPM}\n",
        ),
        (
            f"USER app\nRUN NPM_TOKEN={ONE} npm ci\n",
            f"USER app\nRUN {_mount('npm_token', ',mode=0444')} \\\n    {NPM}\n",
        ),
        (
            f"RUN su app -c 'NPM_TOKEN={ONE} npm ci'\n",
            f"RUN {_mount('npm_token', ',mode=0444')} \\\n    su app -c 'NPM_TOKEN=\"{_read('npm_token')}\" npm ci'\n",
        ),
    ],
)
def test_forms_of_run(form: str, expected: str) -> None:
    assert fixed(FROM + form).text == FROM + expected


def test_a_login_that_ends_as_a_hash_is_fixed_and_said() -> None:
    done = fixed(f"{FROM}RUN echo 'root:{ONE}' | chpasswd\n")
    assert (
        done.text
        == f"{FROM}RUN {_mount('root_password')} \\\n    echo 'root:'\"{_read('root_password')}\" | chpasswd\n"
    )
    assert any("hash of the password" in note for note in done.rewrite.notes)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (f"RUN npm install git+https://ci:{ONE}@h.example/x.git", "npm install writes the URL into files"),
        (f"RUN pip install -e git+https://ci:{ONE}@h.example/x.git#egg=x", "editable install"),
        (f"ONBUILD RUN NPM_TOKEN={ONE} npm ci", "ONBUILD trigger"),
        (f"RUN chroot /mnt sh -c 'curl -u ci:{ONE} https://h.example/x'", "another root folder"),
        (f"RUN curl -H $'X-Api-Key: {ONE}' https://h.example/x", "$'...'"),
    ],
)
def test_what_stays_has_its_reason(run: str, reason: str) -> None:
    done = fixed(f"{FROM}{run}\n")
    assert done.text == f"{FROM}{run}\n"
    assert any(reason in why for why in done.left.values())


def test_the_value_is_nowhere_in_what_is_said() -> None:
    done = fixed(f"{FROM}RUN curl -u ci:{ONE} https://h.example/x\nRUN npm install git+https://ci:{TWO}@h.example/x\n")
    said = [*done.rewrite.notes, *done.left.values(), *(one.title + one.reason for one in done.rewrite.applied)]
    said += [burnt.what + burnt.where for burnt in done.rewrite.burnt]
    assert said
    assert not [text for text in said if ONE in text or TWO in text]


def test_too_many_places_are_left_with_the_reason() -> None:
    runs = "".join(f"RUN NPM_TOKEN={ONE}{n:04} npm ci # {'x' * 200}\n" for n in range(160))
    done = fixed(FROM + runs)
    assert done.text == FROM + runs
    assert any("more secrets than are looked at" in reason for reason in done.left.values())


def test_what_expands_outside_of_another_root_folder() -> None:
    done = fixed(f"{FROM}RUN chroot /mnt curl -u ci:{ONE} https://h.example/x\n")
    assert f'chroot /mnt curl -u ci:"{_read("curl_password")}" https' in done.text


@pytest.mark.parametrize(
    ("base", "has_shell"),
    [
        ("scratch", False),
        ("gcr.example/distroless/python3-debian12", False),
        ("gcr.example/distroless/python3-debian12:debug", True),
        ("debian:12", True),
    ],
)
def test_exec_form_in_an_image_without_a_shell(base: str, has_shell: bool) -> None:
    text = f'FROM {base}\nRUN ["curl", "-u", "ci:{ONE}", "https://h.example/x"]\n'
    done = fixed(text, unsafe=True)
    assert (done.text != text) is has_shell
    assert any("no shell" in why for why in done.left.values()) is not has_shell


def test_two_values_of_one_variable_are_given_in_two() -> None:
    done = fixed(f"{FROM}ARG NPM_TOKEN\nRUN NPM_TOKEN={ONE} npm ci\nRUN npm publish --token $NPM_TOKEN\n")
    assert {(secret.id, secret.name) for secret in done.secrets} == {("npm_token", "NPM_TOKEN"), ("npm_token_2", "")}
    assert needs.variable(next(secret for secret in done.secrets if not secret.name)) == "NPM_TOKEN_2"
