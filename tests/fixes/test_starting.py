"""ENV secrets that the container needs: what they become, and how the container gets them from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.edit import Applicability, apply_edits
from auditor.fixes.compose import compose
from auditor.fixes.plan import Plan, Refusal
from auditor.fixes.starting import plans
from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse
from auditor.sources.context import BuildContext

VALUE = "tk" + "-9sKxW2mQe7RuTi4LpBvA"
READS = "#!/bin/sh\nexec /server --key $API_KEY\n"
KNOWS_FILE = '#!/bin/sh\nif [ -n "${API_KEY_FILE:-}" ]; then export API_KEY="$(cat "$API_KEY_FILE")"; fi\nexec "$@"\n'
SHIM = (
    '["/bin/sh", "-c", "[ -n \\"${API_KEY+set}\\" ] || [ ! -r /run/secrets/api_key ] || '
    'export API_KEY=\\"$(cat /run/secrets/api_key)\\"; exec \\"$@\\"", "sh", '
)
ALONE = SHIM.removesuffix(", ") + "]"
ENV = f"ENV API_KEY={VALUE}\n"


def _build(text: str, files: dict[str, str] | None, folder: Path) -> Build:
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    context = BuildContext.open(str(folder), str(folder / "Dockerfile")) if files is not None else None
    return follow(parse(text), "Dockerfile", context)


def _plans(build: Build) -> list[Plan]:
    return [plan for plan in plans(build, "file") if isinstance(plan, Plan)]


def _after(build: Build) -> str:
    """The Dockerfile after all plans at once; every one of them has to be safe."""
    found = _plans(build)
    assert found and all(plan.applicability is Applicability.SAFE for plan in found)
    changes = [change for plan in found for change in plan.changes]
    return apply_edits(build.document.text, compose(build.document, changes))


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (
            f'COPY start /start\n{ENV}ENTRYPOINT ["/start"]\nCMD ["serve"]\n',
            f'COPY start /start\nENTRYPOINT {SHIM}"/start"]\nCMD ["serve"]\n',
        ),
        (f"COPY start /\n{ENV}ENTRYPOINT exec /start \\\n  wait\n", None),
        (
            f'COPY start /\n{ENV}ENTRYPOINT [ "tini","--","/start" ]\n',
            f'COPY start /\nENTRYPOINT [{SHIM[1:]} "tini","--","/start" ]\n',
        ),
        # Bare CMD: debian has no entrypoint, which would have to come behind the shell.
        (f'COPY start /\n{ENV}CMD ["/start"]\n', f'COPY start /\nENTRYPOINT {ALONE}\nCMD ["/start"]\n'),
        (f"COPY start /\n{ENV}CMD /start $API_KEY\n", f"COPY start /\nENTRYPOINT {ALONE}\nCMD /start $API_KEY\n"),
        (f"COPY start /\n{ENV}", f'COPY start /\nENTRYPOINT {ALONE}\nCMD ["bash"]\n'),
        # A health check gets the container's environment, not what an entrypoint adds to it.
        (
            f'COPY start /\n{ENV}HEALTHCHECK CMD test -n "$API_KEY"\nENTRYPOINT ["/start"]\n',
            f'COPY start /\nHEALTHCHECK CMD {SHIM}"/bin/sh", "-c", "test -n \\"$API_KEY\\""]\n'
            f'ENTRYPOINT {SHIM}"/start"]\n',
        ),
        (
            f'COPY start /\nCOPY start /check\n{ENV}HEALTHCHECK --timeout=3s CMD [ "/check" ]\nENTRYPOINT ["/start"]\n',
            f'COPY start /\nCOPY start /check\nHEALTHCHECK --timeout=3s CMD [{SHIM[1:]} "/check" ]\n'
            f'ENTRYPOINT {SHIM}"/start"]\n',
        ),
        (
            f'COPY start /\n{ENV}HEALTHCHECK CMD curl -f http://localhost/\nENTRYPOINT ["/start"]\n',
            f'COPY start /\nHEALTHCHECK CMD curl -f http://localhost/\nENTRYPOINT {SHIM}"/start"]\n',
        ),
    ],
    ids=["exec", "shell", "spaced", "cmd", "cmd-shell", "cmd-none", "health", "health-script", "health-probe"],
)
def test_entrypoint_that_needs_the_variable(body: str, after: str | None, tmp_path: Path) -> None:
    build = _build(f"FROM debian\n{body}", {"start": READS}, tmp_path)
    expected = after or f'COPY start /\nENTRYPOINT {SHIM}"/bin/sh", "-c", "exec /start   wait"]\n'
    assert _after(build) == f"FROM debian\n{expected}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ENV A=1 API_KEY={v} B=2", "ENV A=1 API_KEY_FILE=/run/secrets/api_key B=2"),
        ('ENV API_KEY="{v}"', "ENV API_KEY_FILE=/run/secrets/api_key"),
        ("ENV API_KEY {v}", "ENV API_KEY_FILE /run/secrets/api_key"),
        ("ENV A=1 \\\n    API_KEY={v}", "ENV A=1 \\\n    API_KEY_FILE=/run/secrets/api_key"),
    ],
)
@pytest.mark.parametrize("start", ['["/usr/local/bin/start"]', '["start"]', '["tini", "--", "start"]', "exec start"])
def test_entrypoint_that_reads_a_file(before: str, after: str, start: str, tmp_path: Path) -> None:
    text = "FROM debian\nCOPY start /usr/local/bin/\n{}\nENTRYPOINT " + start + '\nCMD ["serve"]\n'
    build = _build(text.format(before.format(v=VALUE)), {"start": KNOWS_FILE}, tmp_path)
    assert _after(build) == text.format(after)


@pytest.mark.parametrize(
    "copy", ["COPY . /srv", "COPY bin /srv/bin", "ADD bin/start /srv/bin/start", "COPY bin/* /srv/bin/"]
)
def test_script_is_found_in_what_is_copied(copy: str, tmp_path: Path) -> None:
    text = f'FROM debian\n{copy}\n{ENV}WORKDIR /srv\nENTRYPOINT ["./bin/start"]\n'
    build = _build(text, {"bin/start": KNOWS_FILE, "other/x": "x"}, tmp_path)
    assert "ENV API_KEY_FILE=/run/secrets/api_key\n" in _after(build)


def test_script_elsewhere_in_the_image_is_not_the_entrypoint(tmp_path: Path) -> None:
    text = f'FROM debian\nCOPY start /examples/start\n{ENV}ENTRYPOINT ["/start"]\n'
    assert "API_KEY_FILE" not in _after(_build(text, {"start": KNOWS_FILE}, tmp_path))


@pytest.mark.parametrize(
    ("base", "name", "rest", "file_name"),
    [
        ("postgres:16-alpine", "POSTGRES_PASSWORD", "", "POSTGRES_PASSWORD_FILE"),
        ("docker.io/library/postgres", "POSTGRES_PASSWORD", 'CMD ["-c", "fsync=off"]\n', "POSTGRES_PASSWORD_FILE"),
        ("mysql:8", "MYSQL_ROOT_PASSWORD", 'CMD ["mysqld"]\n', "MYSQL_ROOT_PASSWORD_FILE"),
        ("mariadb@sha256:" + "a" * 64, "MARIADB_ROOT_PASSWORD", "", "MARIADB_ROOT_PASSWORD_FILE"),
        ("mongo:7", "MONGO_INITDB_ROOT_PASSWORD", "", "MONGO_INITDB_ROOT_PASSWORD_FILE"),
        ("grafana/grafana", "GF_SECURITY_ADMIN_PASSWORD", "", "GF_SECURITY_ADMIN_PASSWORD__FILE"),
        # No file: another start command, another image of the name, an image that does not know such a variable.
        ("mysql:8", "MYSQL_ROOT_PASSWORD", 'CMD ["bash"]\n', ""),
        ("mysql:8", "MYSQL_ROOT_PASSWORD", "CMD mysqld --skip-name-resolve\n", ""),
        ("mysql:8", "MYSQL_ROOT_PASSWORD", "HEALTHCHECK CMD mysqladmin ping -p$MYSQL_ROOT_PASSWORD\n", ""),
        ("mysql:8", "MYSQL_ROOT_PASSWORD", "ENV MYSQL_ROOT_PASSWORD_FILE=/x\n", ""),
        ("registry.example/mysql:8", "MYSQL_ROOT_PASSWORD", "", ""),
        ("rabbitmq:3", "RABBITMQ_DEFAULT_PASS", "", ""),
        ("redis:7", "REDIS_PASSWORD", "", ""),
    ],
)
def test_known_images(base: str, name: str, rest: str, file_name: str) -> None:
    text = f"FROM {base}\nENV {name}={VALUE}\n{rest}"
    path = f"/run/secrets/{name.lower()}"
    expected = f"FROM {base}\n" + (f"ENV {file_name}={path}\n" if file_name else "") + rest
    assert _after(_build(text, None, Path())) == expected


def test_entrypoint_of_its_own_on_a_known_image() -> None:
    """The files of the base image's entrypoint do not count; that it has a shell does."""
    build = _build(f'FROM mysql:8\nENV MYSQL_ROOT_PASSWORD={VALUE}\nENTRYPOINT ["/own"]\n', None, Path())
    shim = SHIM.replace("API_KEY", "MYSQL_ROOT_PASSWORD").replace("api_key", "mysql_root_password")
    assert _after(build) == f'FROM mysql:8\nENTRYPOINT {shim}"/own"]\n'


def test_two_secrets_share_the_shell(tmp_path: Path) -> None:
    """The second plan, made for what the first one left, adds to its statements."""
    text = f'FROM debian\nCOPY start /\nENV API_KEY={VALUE}\nENV DB_PASSWORD={VALUE}x\nENTRYPOINT ["/start"]\n'
    files = {"start": "#!/bin/sh\nexec /server --key $API_KEY $DB_PASSWORD\n"}
    first = _build(text, files, tmp_path)
    between = apply_edits(text, compose(first.document, _plans(first)[0].changes))
    last = _after(_build(between, files, tmp_path))
    entry = parse(last).instructions[-1].args
    assert [*entry[:2], *entry[3:]] == ["/bin/sh", "-c", "sh", "/start"]
    assert entry[2].count('exec "$@"') == 1 and entry[2].endswith('; exec "$@"')
    assert "cat /run/secrets/api_key" in entry[2] and "cat /run/secrets/db_password" in entry[2]
    assert _plans(_build(last, files, tmp_path)) == []


@pytest.mark.parametrize(
    "base",
    [
        "acme/app:1",  # nothing is known of it
        "redis:7",  # has an entrypoint that may not stay what it is
        "${BASE}",
    ],
)
def test_bare_command_on_an_image_that_may_have_an_entrypoint(base: str, tmp_path: Path) -> None:
    text = f'ARG BASE=debian\nFROM {base}\nCOPY start /\n{ENV}RUN true\nCMD ["/start"]\n'
    build = _build(text, {"start": READS}, tmp_path)
    assert _after(build) == text.replace(ENV, "")
    assert "docker run -e API_KEY" in _plans(build)[0].notes[0]


@pytest.mark.parametrize(
    ("stages", "after"),
    [
        # The ENTRYPOINT of the second stage has cleared the CMD of the first.
        (
            f'FROM debian AS one\nCMD ["a"]\nFROM one\n{ENV}ENTRYPOINT ["/start"]\n',
            f'FROM debian AS one\nCMD ["a"]\nFROM one\nENTRYPOINT {SHIM}"/start"]\n',
        ),
        (
            f'FROM debian AS one\n{ENV}CMD ["a"]\nFROM one\nRUN true\n',
            f'FROM debian AS one\nENTRYPOINT {ALONE}\nCMD ["a"]\nFROM one\nRUN true\n',
        ),
        (f"FROM debian AS one\n{ENV}FROM one", f'FROM debian AS one\nFROM one\nENTRYPOINT {ALONE}\nCMD ["bash"]'),
    ],
)
def test_start_over_several_stages(stages: str, after: str) -> None:
    assert _after(_build(stages, None, Path())) == after


def test_no_shell_no_wrapper() -> None:
    """Nothing says that the image has /bin/sh: the variable is given from outside."""
    build = _build(f'FROM scratch\nCOPY app /app\n{ENV}ENTRYPOINT ["/app"]\n', None, Path())
    assert _after(build) == 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n'
    assert "docker run -e API_KEY" in _plans(build)[0].notes[0]


def test_run_that_proves_the_shell_and_the_shell_of_the_file() -> None:
    text = f'FROM debian\nRUN true\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\n{ENV}ENTRYPOINT exec /app\n'
    assert _after(_build(text, None, Path())).splitlines()[-1] == (
        f'ENTRYPOINT {SHIM}"/bin/bash", "-o", "pipefail", "-c", "exec /app"]'
    )


def test_build_and_run_time_both_get_it(tmp_path: Path) -> None:
    text = f'FROM debian\nCOPY start /\n{ENV}RUN fetch "$API_KEY"\nENTRYPOINT ["/start"]\n'
    build = _build(text, {"start": READS}, tmp_path)
    assert _after(build) == (
        "FROM debian\nCOPY start /\nRUN --mount=type=secret,id=api_key,required=true \\\n"
        '    export API_KEY="$(cat /run/secrets/api_key)"; \\\n    fetch "$API_KEY"\n'
        f'ENTRYPOINT {SHIM}"/start"]\n'
    )
    assert [secret.id for secret in _plans(build)[0].secrets] == ["api_key"]


@pytest.mark.parametrize(
    ("run", "files", "gets"),
    [
        ("npm run build", {"start": READS, "x.js": "process.env.API_KEY"}, True),
        ("npm run build", {"start": "#!/bin/sh\nexec /server\n", "x.js": "nothing"}, False),
        ("npm ci", {"start": READS, "x.js": "process.env.API_KEY"}, False),
        ("apt-get install -y curl && curl -O https://files.example/x", {"start": READS}, False),
        ("python -m pip install .", {"start": READS}, False),
        ("python manage.py collectstatic", {"start": READS}, True),
        ("python manage.py collectstatic", None, True),
    ],
)
def test_run_of_the_project_may_read_it_unasked(
    run: str, files: dict[str, str] | None, gets: bool, tmp_path: Path
) -> None:
    text = f'FROM debian\nCOPY . /srv\n{ENV}RUN {run}\nRUN {run}\nENTRYPOINT ["/srv/start"]\n'
    build = _build(text, files, tmp_path)
    assert _after(build).count("--mount=type=secret,id=api_key") == (2 if gets else 0)


def test_argument_that_becomes_a_variable_goes_as_well() -> None:
    build = _build("FROM debian\nARG DB_PASSWORD\nENV DB_PASSWORD=$DB_PASSWORD\nCMD /app\n", None, Path())
    shim = ALONE.replace("API_KEY", "DB_PASSWORD").replace("api_key", "db_password")
    assert _after(build) == f"FROM debian\nENTRYPOINT {shim}\nCMD /app\n"
    notes = " ".join(_plans(build)[0].notes)
    assert "-e DB_PASSWORD" in notes and "no --build-arg DB_PASSWORD" in notes


def test_value_is_nowhere_in_what_is_told(tmp_path: Path) -> None:
    build = _build(f'FROM debian\nCOPY start /\n{ENV}ENTRYPOINT ["/start"]\n', {"start": READS}, tmp_path)
    plan = _plans(build)[0]
    told = [plan.title, plan.reason, *plan.notes, *(burnt.what + burnt.where for burnt in plan.burnt)]
    assert plan.burnt and not any(VALUE in text for text in told)


@pytest.mark.parametrize(
    "text",
    [
        f"FROM debian\n{ENV}LABEL key=$API_KEY\nCMD /app\n",
        f"FROM debian\nONBUILD ENV API_KEY={VALUE}\nCMD /app\n",
        f"FROM debian\n{ENV}WORKDIR /srv/$API_KEY\nCMD /app\n",
    ],
    ids=["label", "onbuild", "workdir"],
)
def test_what_the_builder_itself_needs_is_refused(text: str) -> None:
    found = list(plans(_build(text, None, Path()), "file"))
    assert [type(one) for one in found] == [Refusal]


@pytest.mark.parametrize(
    "text",
    [
        f"FROM debian AS one\n{ENV}RUN use $API_KEY\nFROM debian\nCMD /app\n",
        "FROM debian\nENV API_KEY_FILE=/run/secrets/api_key\nCMD /app\n",
        "FROM debian\nENV API_KEY=changeme-please\nCMD /app\n",
        f"FROM node\nENV NPM_TOKEN={VALUE}\nRUN npm ci\nCMD node x\n",
    ],
    ids=["other stage", "path", "placeholder", "for the build"],
)
def test_nothing_to_do_here(text: str) -> None:
    assert list(plans(_build(text, None, Path()), "file")) == []
