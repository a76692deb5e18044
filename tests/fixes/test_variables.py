"""Build arguments and variables that become build secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.edit import Applicability
from auditor.fixes.plan import Plan, Refusal
from auditor.fixes.variables import plans
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse
from auditor.sources.context import BuildContext
from tests.fixes.fixing import fixed

MOUNT = "--mount=type=secret,id=npm_token,required=true"
EXPORT = 'export NPM_TOKEN="$(cat /run/secrets/npm_token)"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "FROM a\nARG NPM_TOKEN\nRUN npm ci\n",
            f"FROM a\nRUN {MOUNT} \\\n    {EXPORT}; \\\n    npm ci\n",
            id="argument",
        ),
        pytest.param(
            "ARG NPM_TOKEN\nFROM a\nARG NPM_TOKEN\nRUN npm ci\n",
            f"FROM a\nRUN {MOUNT} \\\n    {EXPORT}; \\\n    npm ci\n",
            id="global argument",
        ),
        pytest.param(
            "FROM a\nARG VERSION=1 NPM_TOKEN\nRUN npm ci --v $VERSION\n",
            f"FROM a\nARG VERSION=1\nRUN {MOUNT} \\\n    {EXPORT}; \\\n    npm ci --v $VERSION\n",
            id="one pair of several",
        ),
        pytest.param(
            "FROM a AS b\nARG NPM_TOKEN\nRUN npm ci\nRUN rm -rf /tmp/x\nFROM c\nCOPY --from=b /x /x\n",
            f"FROM a AS b\nRUN {MOUNT} \\\n    {EXPORT}; \\\n    npm ci\nRUN rm -rf /tmp/x\nFROM c\n"
            "COPY --from=b /x /x\n",
            id="only the RUNs that may read it",
        ),
        pytest.param(
            "FROM a\nARG NPM_TOKEN\nRUN --network=host \\\n  # why\n  npm ci\n",
            f"FROM a\nRUN --network=host \\\n    {MOUNT} \\\n    {EXPORT}; \\\n  # why\n  npm ci\n",
            id="flags and comments stay",
        ),
        pytest.param(
            "FROM a\nARG NPM_TOKEN\nRUN <<EOF\nnpm ci\nEOF\n",
            f"FROM a\nRUN {MOUNT} <<EOF\n{EXPORT}\nnpm ci\nEOF\n",
            id="heredoc",
        ),
        pytest.param(
            'FROM a\nARG NPM_TOKEN\nRUN ["npm", "ci"]\n',
            f'FROM a\nRUN {MOUNT} ["/bin/sh", "-c", '
            '"export NPM_TOKEN=\\"$(cat /run/secrets/npm_token)\\"; exec \\"$0\\" \\"$@\\"", "npm", "ci"]\n',
            id="exec form",
        ),
        pytest.param(
            "# escape=`\nFROM a\nARG NPM_TOKEN\nRUN npm `\n  ci\n",
            f"# escape=`\nFROM a\nRUN {MOUNT} `\n    {EXPORT}; `\n    npm `\n  ci\n",
            id="backtick",
        ),
        pytest.param(
            "FROM a\r\nARG NPM_TOKEN\r\nRUN npm ci\r\n",
            f"FROM a\r\nRUN {MOUNT} \\\r\n    {EXPORT}; \\\r\n    npm ci\r\n",
            id="carriage returns",
        ),
        pytest.param(
            "FROM a\nARG NPM_TOKEN\nRUN set -ex; npm ci --token $NPM_TOKEN\n",
            f"FROM a\nRUN {MOUNT} \\\n    {EXPORT}; \\\n    set -e; npm ci --token $NPM_TOKEN\n",
            id="a trace would print it",
        ),
        pytest.param(
            "FROM a\nARG https_proxy=http://u:Fjord-88-lantern@p.example\nRUN mkdir /x\nRUN apk add curl\n",
            "FROM a\nRUN mkdir /x\nRUN --mount=type=secret,id=https_proxy,required=true \\\n"
            '    export https_proxy="$(cat /run/secrets/https_proxy)"; \\\n    apk add curl\n',
            id="package managers go through proxies",
        ),
        pytest.param("FROM a\nARG NPM_TOKEN\nCMD run\n", "FROM a\nCMD run\n", id="nothing uses it"),
    ],
)
def test_rewritten(before: str, after: str) -> None:
    assert fixed(before).text == after
    assert fixed(after).text == after


def test_a_command_that_went_needs_it_nowhere_else() -> None:
    text = 'FROM a\nARG KEEPER_CONFIG\nRUN pip install b && ksm profile import "$KEEPER_CONFIG"\n'
    assert fixed(text, unsafe=True).text == "FROM a\nRUN pip install b\n"


def test_what_the_build_has_to_be_given() -> None:
    [secret] = fixed("FROM a\nARG NPM_TOKEN\nRUN npm ci\n").secrets
    assert (secret.id, secret.kind, secret.name, secret.required, secret.argument) == (
        "npm_token", "variable", "NPM_TOKEN", True, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "run", ['if [ -n "$NPM_TOKEN" ]; then npm ci; fi', 'test -z "$NPM_TOKEN" || npm ci', "npm ci --t=${NPM_TOKEN:-x}"]
)
def test_a_build_that_works_without_it_still_does(run: str) -> None:
    result = fixed(f"FROM a\nARG NPM_TOKEN\nRUN {run}\n")
    assert "id=npm_token \\\n" in result.text
    assert '"$(cat /run/secrets/npm_token 2>/dev/null || true)"' in result.text
    assert not result.secrets[0].required


@pytest.mark.parametrize(("user", "field"), [("node", "mode=0444"), ("1000:1000", "uid=1000"), ("0", "")])
def test_the_user_of_the_run_can_read_it(user: str, field: str) -> None:
    text = fixed(f"FROM a\nUSER {user}\nARG NPM_TOKEN\nRUN npm ci\n").text
    assert f"id=npm_token,{f'{field},' if field else ''}required=true" in text


def test_the_variable_form() -> None:
    text = fixed("FROM a\nUSER node\nARG NPM_TOKEN\nRUN npm ci\n", form="env").text
    assert text == (
        "FROM a\nUSER node\nRUN --mount=type=secret,id=npm_token,env=NPM_TOKEN,required=true \\\n    npm ci\n"
    )


def test_variables_made_of_it_are_made_in_the_run() -> None:
    before = (
        "FROM a\nARG TOKEN\nENV NPM_TOKEN=$TOKEN\n"
        "ENV PIP_EXTRA_INDEX_URL=https://ci:${TOKEN}@pkgs.example/simple\nRUN npm ci && pip install x\n"
    )
    assert fixed(before).text == (
        "FROM a\nRUN --mount=type=secret,id=token,required=true \\\n"
        '    export TOKEN="$(cat /run/secrets/token)"; \\\n'
        '    export NPM_TOKEN="$(cat /run/secrets/token)"; \\\n'
        '    export PIP_EXTRA_INDEX_URL="https://ci:${TOKEN}@pkgs.example/simple"; \\\n'
        "    npm ci && pip install x\n"
    )


def test_names_that_differ_in_case_get_ids_of_their_own() -> None:
    result = fixed("FROM a\nARG api_key\nARG API_KEY\nRUN a $api_key && b $API_KEY\n")
    assert {(secret.id, secret.name) for secret in result.secrets} == {("api_key", "API_KEY"), ("api_key_2", "api_key")}
    assert 'export api_key="$(cat /run/secrets/api_key_2)"' in result.text


@pytest.mark.parametrize(
    ("rest", "made"),
    [
        (",target=/x.json", "npm_token_2"),
        (",env=OTHER", "npm_token_2"),
        ("", "npm_token"),
        (",env=NPM_TOKEN", "npm_token"),
    ],
)
def test_an_id_that_stands_for_something_else(rest: str, made: str) -> None:
    text = f"FROM a\nARG NPM_TOKEN\nRUN --mount=type=secret,id=npm_token{rest} use /x.json\nRUN npm ci $NPM_TOKEN\n"
    assert [secret.id for secret in fixed(text).secrets] == [made]


@pytest.mark.parametrize("name", ["X;id;A_TOKEN", "A$(id)_TOKEN", "A'B_TOKEN", "A-B_TOKEN", "1A_TOKEN", "É_TOKEN"])
@pytest.mark.parametrize("declared", ["ARG {}", "ENV {}=sk9f8a7s6d5f4g3h2j1k"])
def test_a_name_that_a_shell_reads_as_a_command(name: str, declared: str) -> None:
    text = f"FROM a\n{declared.format(name)}\nRUN fetch {name}\n"
    found = fixed(text, unsafe=True)
    assert found.text == text and not found.secrets


@pytest.mark.parametrize("user", ["²", "1٣", "1,target=/etc", "9" * 5000])
def test_a_user_that_is_no_number(user: str) -> None:
    text = f"FROM a\nARG NPM_TOKEN\nUSER {user}\nRUN npm ci $NPM_TOKEN\n"
    assert "id=npm_token,mode=0444,required" in fixed(text).text


def test_what_git_does_not_take_in_a_setting() -> None:
    found = fixed("FROM a\nARG GIT_TOKEN\nRUN git clone https://ci:$GIT_TOKEN@h.example/x.git\n")
    assert "insteadOf" in found.text
    assert any("%3D" in note for note in found.rewrite.notes)


def test_a_literal_has_to_be_rotated() -> None:
    result = fixed("FROM a\nARG DB_PASSWORD=hunter2Sx9qq\nRUN migrate --password $DB_PASSWORD\n")
    assert "hunter2" not in result.text
    assert [one.what for one in result.rewrite.burnt] == ["the value of DB_PASSWORD"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM a\nARG NPM_TOKEN\nLABEL t=$NPM_TOKEN\nRUN npm ci\n", "is used in LABEL"),
        ("ARG NPM_TOKEN\nFROM reg.example/$NPM_TOKEN/a\nARG NPM_TOKEN\nRUN npm ci\n", "is used in FROM"),
        ("FROM a\nONBUILD ARG NPM_TOKEN\nONBUILD RUN npm ci\n", "ONBUILD"),
        ('FROM a\nSHELL ["powershell", "-Command"]\nARG NPM_TOKEN\nRUN npm ci\n', "not POSIX-like"),
        ('FROM a\nSHELL ["/bin/bash", "-xc"]\nARG NPM_TOKEN\nRUN npm ci\n', "echoed-secret"),
        ("FROM a\nARG TOKEN\nENV X_TOKEN=${TOKEN:-none}\nRUN fetch $X_TOKEN\n", "read differently"),
    ],
)
def test_left_as_it_is(text: str, reason: str) -> None:
    result = fixed(text, unsafe=True)
    assert result.text == text
    assert any(reason in why for why in result.left.values()), result.left


ENV = "FROM a\nENV API_TOKEN=sk9f8a7s6d5f4g3h2j1k\nRUN fetch $API_TOKEN\n"


def test_a_variable_that_only_the_build_reads() -> None:
    text = fixed(ENV + 'CMD ["sh", "-c", "cat /x"]\n').text
    assert "ENV" not in text
    assert "id=api_token" in text


def _planned(text: str, context: Path | None = None) -> list[Plan | Refusal]:
    """What this planner alone says; what is read at run time is another one's (`starting`)."""
    build_context = BuildContext.open(str(context), str(context / "Dockerfile")) if context is not None else None
    return list(plans(follow(parse(text), "Dockerfile", build_context), "file"))


def test_a_start_command_that_is_not_known_may_read_it() -> None:
    (plan,) = _planned(ENV + 'CMD ["app"]\n')
    assert isinstance(plan, Plan) and plan.applicability is Applicability.UNSAFE


@pytest.mark.parametrize("start", ['CMD ["sh", "-c", "app $API_TOKEN"]', "HEALTHCHECK CMD curl -H $API_TOKEN x"])
def test_a_start_command_that_reads_it(start: str) -> None:
    (refusal,) = _planned(f"{ENV}{start}\n")
    assert isinstance(refusal, Refusal) and "while the container runs" in refusal.reason


@pytest.mark.parametrize(("code", "is_read"), [("process.env.API_TOKEN", True), ("process.env.PORT", False)])
def test_a_copied_file_that_reads_it(code: str, is_read: bool, tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(f"listen({code})\n")
    (found,) = _planned(ENV + 'COPY app.js /\nCMD ["node", "app.js"]\n', tmp_path)
    assert isinstance(found, Refusal) == is_read


@pytest.mark.parametrize(
    ("name", "content", "start"),
    [
        ("app.py", "class Settings(BaseSettings):\n    api_token: str\n", 'CMD ["python", "app.py"]'),
        ("app.yml", "api:\n  token: none\n", 'CMD ["serve", "app.yml"]'),
        ("app.py", "env_prefix = 'API_'\n", 'CMD ["python", "app.py"]'),
        ("app.py", "os.environ[part + '_TOKEN']\n", "CMD python app.py"),
        ("app.js", "start({...process.env})\n", 'CMD ["node", "app.js"]'),
        ("app.bin", "\0" * 600_000, 'CMD ["app.bin"]'),
        ("requirements.txt", "flask\n", 'CMD ["python", "app.py"]'),
        ("requirements.txt", "flask\n", 'CMD ["sh"]'),
    ],
    ids=["settings class", "settings", "prefix", "put together", "all of them", "too large", "not there", "shell"],
)
def test_a_container_that_may_read_it(name: str, content: str, start: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    (found,) = _planned(f"{ENV}COPY {name} /\n{start}\n", tmp_path)
    assert isinstance(found, Plan) and found.applicability is Applicability.UNSAFE


@pytest.mark.parametrize("start", ['CMD ["npm", "start"]', "CMD exec node -r ./tracing src/app.js", 'CMD ["nginx"]'])
def test_a_container_that_is_seen_not_to_read_it(start: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"scripts": {"start": "node src/app.js"}}\n')
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.js").write_text("listen(process.env.PORT)\n")
    (found,) = _planned(f"{ENV}COPY package.json /\nCOPY src /src\n{start}\n", tmp_path)
    assert isinstance(found, Plan) and found.applicability is Applicability.SAFE


@pytest.mark.parametrize(("code", "is_read"), [("curl -H $API_KEY x", True), ("make", False)])
def test_a_script_of_the_context_that_reads_it_unasked(code: str, is_read: bool, tmp_path: Path) -> None:
    (tmp_path / "build.sh").write_text(f"{code}\n")
    result = fixed("FROM a\nARG API_KEY\nCOPY . .\nRUN fetch $API_KEY\nRUN ./build.sh\n", context=tmp_path)
    assert result.text.count("--mount=type=secret,id=api_key") == 1 + is_read


def test_an_exec_form_without_a_shell() -> None:
    text = 'FROM scratch\nARG NPM_TOKEN\nRUN ["/npm", "ci"]\n'
    assert fixed(text).text == text
    assert "env=NPM_TOKEN" in fixed(text, form="env").text


def test_a_shell_that_was_put_there() -> None:
    text = 'FROM scratch\nADD root.tar /\nRUN apk add npm\nARG NPM_TOKEN\nRUN ["npm", "ci"]\n'
    assert 'exec \\"$0\\" \\"$@\\"", "npm", "ci"]' in fixed(text).text
