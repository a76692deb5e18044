"""One Dockerfile, all builders: every secret is found at its layer, its path, its state and its step of the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images.building import DOCKERFILE, SECRETS, Audited, Found, Saved, audit
from tests.images.workshop import Built, Workshop
from tests.realparts import BUILDKIT, LEGACY, DockerEngine

pytestmark = pytest.mark.real
#: What stands in the history of every builder, or in none.
IN_HISTORY = ("argument", "unused", "literal")
#: Patterns of the instruction that is to blame for a secret.
LINES = {
    "argument": "API_TOKEN",
    "unused": "API_TOKEN|DEPLOY_PASSWORD",
    "literal": "login",
    "deleted": "COPY npmrc",
    "overwritten": "COPY first.env",
    "live": "COPY live.env",
    "variable": "ENV",
    "label": "LABEL",
    "healthcheck": "HEALTHCHECK",
    "onbuild": "ONBUILD",
}


def in_files(saved: Saved) -> set[Found]:
    """What builders that make a layer of every step leave in files: the layers are counted from the base's."""
    rule = "stored-credential"
    npmrc, first = saved.step("COPY", "/root/.npmrc"), saved.steps("COPY", "/app/.env")[0]
    return {
        Found("deleted", rule, "layer", 3, "root/.npmrc", "deleted", 6, npmrc),
        Found("overwritten", rule, "layer", 4, "app/.env", "overwritten", 7, first),
        live(saved, 5),
    }


def live(saved: Saved, layer: int) -> Found:
    """The file that is still there."""
    step = saved.step("COPY", "/app/live.env")
    return Found("live", "stored-credential", "layer", layer, "app/live.env", "live", None, step)


def in_config(saved: Saved) -> set[Found]:
    """What the configuration says, with the step that set it; BuildKit does not record ONBUILD."""
    [variable] = (n for n, one in enumerate(saved.config["config"]["Env"]) if one.startswith("DB_PASSWORD="))
    onbuild = next(iter(saved.steps("ONBUILD")), None)
    label = "/config/Labels/com.example.api-token"
    return {
        _set("variable", "env-secret", "config", f"/config/Env/{variable}", saved.step("ENV", "DB_PASSWORD")),
        _set("label", "label-secret", "label", label, saved.step("LABEL")),
        _set("healthcheck", "healthcheck-secret", "config", "/config/Healthcheck/Test/1", saved.step("HEALTHCHECK")),
        _set("onbuild", "onbuild-secret", "config", "/config/OnBuild/0", onbuild),
    }


def _set(secret: str, rule: str, part: str, path: str, step: int | None) -> Found:
    return Found(secret, rule, part, None, path, "live", None, step)


def check_history(audited: Audited, saved: Saved, layers: tuple[int | None, int | None]) -> None:
    """Arguments and commands are found at a step that has them; `layers` are those of the two steps that ran them."""
    first, second = layers
    [literal] = audited.of("literal")
    step = saved.step("login --password")
    path = f"/history/{step}/created_by"
    assert literal == Found("literal", "literal-secret", "history", second, path, "live", None, step)
    for secret, name in (("argument", "API_TOKEN"), ("unused", "DEPLOY_PASSWORD")):
        [found] = audited.of(secret)
        assert (found.rule, found.part, found.state) == ("arg-secret", "history", "live")
        # Newer versions of BuildKit record the value with ARG already.
        assert found.step in (saved.step("echo 1"), *saved.steps(f"ARG {name}="))
        assert f"{name}={SECRETS[secret]}" in saved.history[found.step]
        if not saved.steps(f"ARG {name}="):
            assert found.layer == first


@pytest.mark.xdist_group("docker")
@pytest.mark.parametrize("builder", [LEGACY, BUILDKIT], ids=["legacy", "buildkit"])
def test_builders_of_docker(
    docker: DockerEngine, built: Callable[[str], Built], capsys: pytest.CaptureFixture[str], builder: str
) -> None:
    name, saved = built(builder)
    audited = audit(capsys, f"docker:{name}")
    assert (audited.code, audited.complete) == (1, True)
    assert {found for found in audited.findings if found.secret not in IN_HISTORY} == in_files(saved) | in_config(saved)
    check_history(audited, saved, (1, 2))


def check_lines(capsys: pytest.CaptureFixture[str], target: str, dockerfile: Path) -> None:
    """Every finding leads to the line of the Dockerfile that made it."""
    dockerfile.write_text(DOCKERFILE.format(base="base", **SECRETS))
    audited = audit(capsys, target, "--dockerfile", str(dockerfile))
    lines = DOCKERFILE.splitlines()
    for found, finding in zip(audited.findings, audited.report["findings"], strict=True):
        expected = [n for n, line in enumerate(lines, 1) if re.search(LINES[found.secret], line)]
        # BuildKit does not record ONBUILD; newer versions of it record the values of ARG.
        allowed: list[int | None] = [*expected, *([None] if found.step is None else [])]
        assert finding["image"]["dockerfile_line"] in allowed, found


@pytest.mark.xdist_group("docker")
@pytest.mark.parametrize("builder", [LEGACY, BUILDKIT], ids=["legacy", "buildkit"])
def test_lines_for_docker(
    built: Callable[[str], Built], tmp_path: Path, capsys: pytest.CaptureFixture[str], builder: str
) -> None:
    check_lines(capsys, str(built(builder).saved.path), tmp_path / "Dockerfile")


@pytest.mark.xdist_group("podman")
@pytest.mark.parametrize("option", ["--layers", "--layers=false", "--squash"])
def test_lines_for_buildah(
    built_by_buildah: Callable[[str], Built], tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    check_lines(capsys, str(built_by_buildah(option).saved.path), tmp_path / "Dockerfile")


@pytest.mark.xdist_group("docker")
def test_squashed_layers(own_docker: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    dockerfile = "FROM {base}\nCOPY npmrc /root/.npmrc\nCOPY live.env /app/live.env\nRUN rm /root/.npmrc\n"
    audited = audit(capsys, f"docker:{own_docker.built('squashed', LEGACY, dockerfile, '--squash')}")
    assert audited.complete
    [found] = audited.findings
    assert found[:6] == ("live", "stored-credential", "layer", 1, "app/live.env", "live")


@pytest.mark.xdist_group("podman")
def test_layers_of_buildah(built_by_buildah: Callable[[str], Built], capsys: pytest.CaptureFixture[str]) -> None:
    saved = built_by_buildah("--layers").saved
    audited = audit(capsys, str(saved.path))
    assert (audited.code, audited.complete) == (1, True)
    assert {found for found in audited.findings if found.secret not in IN_HISTORY} == in_files(saved) | in_config(saved)
    check_history(audited, saved, (1, 2))


@pytest.mark.xdist_group("podman")
@pytest.mark.parametrize(("option", "layer"), [("--layers=false", 1), ("--squash", 0)])
def test_one_layer_of_buildah(
    built_by_buildah: Callable[[str], Built], capsys: pytest.CaptureFixture[str], option: str, layer: int
) -> None:
    """All steps are in one layer, which the history assigns to the last of them: the path tells the right one."""
    saved = built_by_buildah(option).saved
    audited = audit(capsys, str(saved.path))
    assert (audited.code, audited.complete) == (1, True)
    expected = {live(saved, layer)} | in_config(saved)
    assert {found for found in audited.findings if found.secret not in IN_HISTORY} == expected
    check_history(audited, saved, (None, None))


@pytest.mark.xdist_group("docker")
def test_committed_container(docker: DockerEngine, workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    variable, argument, comment = (SECRETS[name] for name in ("committed", "literal", "argument"))
    words = ("--network=none", "-e", f"API_TOKEN={variable}", workshop.base)
    container = docker("run", "-d", *words, "/bin/sh", "-c", f"echo --password {argument} > /dev/null").strip()
    name = workshop.name("committed")
    docker("wait", container)
    docker("commit", "-m", f"password: {comment}", container, name)
    docker("rm", container)
    audited = audit(capsys, f"docker:{name}")
    assert (audited.code, audited.complete) == (1, True)
    assert {found.part for found in audited.of("committed")} == {"config"}
    assert {found.part for found in audited.of("literal")} <= {"config", "history"}
    assert {found.part for found in audited.of("argument")} == {"history"}
    assert audited.secrets == {"committed", "literal", "argument"}


@pytest.mark.xdist_group("docker")
def test_flattened_image(
    docker: DockerEngine,
    workshop: Workshop,
    built: Callable[[str], Built],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """`export | import` keeps the files that are still there, and nothing else."""
    container = docker("create", built(LEGACY).name).strip()
    docker("export", "-o", str(tmp_path / "root.tar"), container)
    docker("rm", container)
    name = workshop.name("flat")
    docker("import", str(tmp_path / "root.tar"), name)
    audited = audit(capsys, f"docker:{name}")
    assert (audited.code, audited.complete) == (1, True)
    [found] = audited.findings
    # The import itself is the only step.
    assert found == Found("live", "stored-credential", "layer", 0, "app/live.env", "live", None, 0)
