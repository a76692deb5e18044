"""Final images of builds that keep their secrets out of them, and what those builds left behind in the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.images.building import SECRETS, audit
from tests.images.workshop import Workshop
from tests.realparts import BUILDKIT, DOCKER, LEGACY, need_disk

pytestmark = DOCKER
STAGES = """\
FROM {base} AS made
ARG NPM_TOKEN
RUN echo "//npm.example/:_authToken=$NPM_TOKEN" > /root/.npmrc && echo ok > /out
FROM {base}
COPY --from=made /out /out
CMD ["/out"]
"""
MOUNT = """\
FROM {base}
RUN --mount=type=secret,id=api_token cat /run/secrets/api_token > /dev/null && echo ok > /out
CMD ["sh"]
"""


@pytest.fixture(autouse=True)
def disk(own_docker: Workshop) -> None:
    need_disk(own_docker.engine)


@pytest.mark.parametrize("builder", [LEGACY, BUILDKIT], ids=["legacy", "buildkit"])
def test_stage_that_is_left_behind(own_docker: Workshop, capsys: pytest.CaptureFixture[str], builder: str) -> None:
    argument = f"NPM_TOKEN={SECRETS['stage']}"
    name = own_docker.built("stages", builder, STAGES, "--build-arg", argument)
    audited = audit(capsys, f"docker:{name}")
    assert (audited.code, audited.complete, audited.findings) == (0, True, [])
    audited = audit(capsys, "--build-cache")
    assert (audited.code, audited.complete) == (1, True)
    found = {(one.part, one.path) for one in audited.of("stage")}
    assert ("layer", "root/.npmrc") in found
    if builder == LEGACY:
        assert "history" in {part for part, _ in found}


def test_secret_mount(own_docker: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "value").write_text(SECRETS["mounted"])
    name = own_docker.built("mount", BUILDKIT, MOUNT, "--secret", f"id=api_token,src={tmp_path / 'value'}")
    audited = audit(capsys, f"docker:{name}")
    assert (audited.code, audited.complete, audited.findings) == (0, True, [])
    assert "mounted" not in audit(capsys, "--build-cache").secrets


def test_proof_over_the_build_cache(
    own_docker: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own_docker.built("proof", BUILDKIT, STAGES, "--build-arg", f"NPM_TOKEN={SECRETS['stage']}")
    for name, code in (("stage", 1), ("committed", 0)):
        monkeypatch.setenv("VALUE", SECRETS[name])
        audited = audit(capsys, "--build-cache", "--assert-absent", "VALUE=env:VALUE")
        assert (audited.code, audited.complete) == (code, True)
