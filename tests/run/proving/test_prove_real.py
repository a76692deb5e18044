"""`audit fix --prove` on a real engine: the rewrites of each kind of RUN hold, and a leak that stays is seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.realparts import BUILDKIT, DOCKER, DockerEngine, Failed, busybox

pytestmark = DOCKER
BASE = "FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/cat\nCOPY busybox /bin/wc\nRUN : > /made\n"
#: Kinds of RUN by name, and what the oldest frontends lack for them ("": nothing).
RUNS = {
    "shell form": ('RUN printf %s "$API_TOKEN" | wc -c > /length\n', ""),
    "exec form": ('RUN ["/bin/sh", "-c", "printf %s \\"$API_TOKEN\\" | wc -c > /length"]\n', ""),
    "heredoc": (
        'RUN <<EOF\nset -e\nprintf %s "$API_TOKEN" | wc -c > /length\nEOF\n',
        "heredocs (frontend 1.4, engine 23.0)",
    ),
}
#: Frontends before 1.10 (engine 27.3) do not know it.
ENV_FORM = "FROM scratch\nCOPY busybox /bin/sh\nRUN --mount=type=secret,id=x,env=X :\n"
HEREDOC = "FROM scratch\nCOPY busybox /bin/sh\nRUN <<EOF\n:\nEOF\n"


@pytest.fixture
def project(docker: DockerEngine, tmp_path: Path) -> Path:
    """An empty build context; builds go to the engine."""
    shutil.copy(busybox(), tmp_path / "busybox")
    return tmp_path


def need(docker: DockerEngine, project: Path, text: str, what: str) -> None:
    """Skip where the engine's frontend cannot build a Dockerfile."""
    (project / "Dockerfile").write_text(text)
    try:
        docker("rmi", docker.build(project, "-q", builder=BUILDKIT).strip())
    except Failed as error:
        pytest.skip(f"the engine's Dockerfile frontend does not know {what}: {error}")


@pytest.mark.parametrize("form", ["file", "env"])
@pytest.mark.parametrize("kind", RUNS)
def test_a_build_secret_takes_the_place_of_an_argument(
    kind: str, form: str, docker: DockerEngine, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, lacking = RUNS[kind]
    if lacking:
        need(docker, project, HEREDOC, lacking)
    if form == "env":
        need(docker, project, ENV_FORM, "env= of a mount (frontend 1.10, engine 27.3)")
    (project / "Dockerfile").write_text(f"{BASE}ARG API_TOKEN\n{run}")
    code = main(["fix", "--isolated", "--prove", "--secret-form", form, "--build-option=--network=none", str(project)])
    told = capsys.readouterr()
    assert code == 0, told.out + told.err
    after = (project / "Dockerfile").read_text()
    assert "ARG" not in after and ("env=API_TOKEN" in after) == (form == "env")
    assert "--mount=type=secret,id=api_token" in after


def test_a_rewrite_that_fails_to_build_is_not_written(
    docker: DockerEngine, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need(docker, project, "FROM scratch\nCOPY busybox /bin/sh\nRUN :\n", "mounts of secrets")
    text = f'{BASE}ARG API_TOKEN\nRUN [ "$API_TOKEN" != wrong ] && printf %s "$API_TOKEN" | wc -c > /length\n'
    (project / "Dockerfile").write_text(text)
    (project / "token").write_text("wrong")
    secret = f"id=api_token,src={project / 'token'}"
    code = main(["fix", "--isolated", "--prove", "--secret", secret, "--build-option=--network=none", str(project)])
    told = capsys.readouterr()
    assert code == 4, told.out + told.err
    assert (project / "Dockerfile").read_text() == text
