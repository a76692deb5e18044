"""What stands in the templates of `ci/` is run: their shell lines, in a repository, with the command on the path."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from auditor.cli.main import main
from auditor.lang import groovy
from tests.checkout import copy_checkout
from tests.ci.actionrunner import offline

ROOT = Path(__file__).resolve().parents[2]
OURS = [*sorted(path for path in (ROOT / "ci").rglob("*") if path.is_file()), ROOT / "action.yml", ROOT / "Dockerfile"]


class Reference(list[str]):
    """`!reference [job, key]` of GitLab."""


class Loader(yaml.SafeLoader):
    """YAML with GitLab's own tag."""


def _reference(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> Reference:
    return Reference(loader.construct_sequence(node))


Loader.add_constructor("!reference", _reference)
GITLAB: dict[str, Any] = yaml.load((ROOT / "ci/gitlab/audit.gitlab-ci.yml").read_text(), Loader)
AZURE: dict[str, Any] = yaml.safe_load((ROOT / "ci/azure/azure-pipelines-audit.yml").read_text())
JENKINS = (ROOT / "ci/jenkins/Jenkinsfile").read_text()


def shell(script: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as CI systems do: `sh` or `bash`, ending at the first command that fails."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def gitlab(job: str, folder: Path, environment: Mapping[str, str], **variables: str) -> tuple[int, str]:
    """Run a job's script with the template's variables, and those of a project over them."""
    given = {**environment, **GITLAB["variables"], **variables}
    done = shell("\n".join(GITLAB[job]["script"]), folder, given)
    return done.returncode, done.stdout + done.stderr


def validate(folder: Path, name: str, schema: str) -> Any:
    report = json.loads((folder / name).read_text())
    jsonschema.validate(report, json.loads((ROOT / f"tests/schemas/{schema}.schema.json").read_text()))
    return report


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_we_hand_out_is_clean_itself(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--isolated", "--min-severity", "info", "--fail-on", "info", str(path)]) == 0
    assert "No leaks found in 1 file" in capsys.readouterr().err


def test_gitlab_keeps_what_its_jobs_write(repository: Path, environment: Mapping[str, str]) -> None:
    code, log = gitlab("audit-lint", repository, environment)
    assert code == 1 and "Dockerfile:4:5  high  arg-secret" in log
    artifacts = GITLAB["audit-lint"]["artifacts"]
    assert artifacts["when"] == "always"  # a job that fails is the one whose report is wanted
    found = validate(repository, artifacts["reports"]["secret_detection"], "gitlab-secret-detection")
    assert len(found["vulnerabilities"]) > 3
    assert len(validate(repository, artifacts["reports"]["codequality"], "gitlab-codequality")) > 3
    assert [name for name in artifacts["paths"] if not (repository / name).is_file()] == []


def test_gitlab_passes_what_is_clean(clean: Path, environment: Mapping[str, str]) -> None:
    assert gitlab("audit-lint", clean, environment)[0] == 0
    assert validate(clean, "gl-secret-detection-report.json", "gitlab-secret-detection")["vulnerabilities"] == []


def test_gitlab_settings_are_variables(repository: Path, environment: Mapping[str, str]) -> None:
    assert gitlab("audit-lint", repository, environment, AUDIT_FAIL_ON="never")[0] == 0


@pytest.mark.parametrize(
    ("target", "code"), [("shop.tar", 1), ("cut.tar", 3), ("--help", 2), ("shop.tar; touch pwned", 2)]
)
def test_gitlab_gates_an_image(repository: Path, environment: Mapping[str, str], target: str, code: int) -> None:
    token = {"CI_REGISTRY": "registry.example", "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": "glcbt-" + "4" * 20}
    whole = (repository / "shop.tar").read_bytes()
    (repository / "cut.tar").write_bytes(whole[: len(whole) // 2])
    done, log = gitlab("audit-image", repository, environment, LEAK_AUDITOR_TARGET=target, **token)
    assert done == code, log
    assert token["CI_REGISTRY_PASSWORD"] not in log
    assert not (repository / "pwned").exists()
    artifacts = GITLAB["audit-image"]["artifacts"]
    for name in [*artifacts["paths"], artifacts["reports"]["junit"]] if code != 2 else []:
        assert token["CI_REGISTRY_PASSWORD"] not in (repository / name).read_text()


def test_gitlab_jobs_run_for_merge_requests_and_the_default_branch() -> None:
    assert [rule["if"] for rule in GITLAB[".audit"]["rules"]] == [
        '$CI_PIPELINE_SOURCE == "merge_request_event"',
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
    ]
    first, second = GITLAB["audit-image"]["rules"]
    assert first == {"if": '$LEAK_AUDITOR_TARGET == ""', "when": "never"}
    assert isinstance(second, Reference) and second == [".audit", "rules"]
    assert all(GITLAB[name]["extends"] == ".audit" for name in ("audit-lint", "audit-image"))
    # The image's ENTRYPOINT is the command; a runner wants a shell.
    assert GITLAB[".audit"]["image"]["entrypoint"] == [""]


def jenkins_scripts() -> list[str]:
    """The shell steps, as Groovy hands them to the shell."""
    found = [text for text in groovy.texts(JENKINS) if text.quote == "'''"]
    made = [groovy.derived(JENKINS, text) for text in found]
    return [each.text for each in made if each is not None]


def test_jenkins(repository: Path, environment: Mapping[str, str]) -> None:
    sources, image = jenkins_scripts()
    for script in (sources, image):
        done = shell(script, repository, {**environment, "IMAGE_ARCHIVE": "shop.tar", "AUDIT_FAIL_ON": "medium"})
        assert done.returncode == 1, done.stderr
    kept = {path.name for path in (repository / "reports").iterdir()}
    assert kept == {"lint.xml", "lint.html", "image.xml", "image.html"}
    assert "junit testResults: 'reports/*.xml'" in JENKINS and "archiveArtifacts artifacts: 'reports/*.html'" in JENKINS


def test_jenkins_passes_what_is_clean(clean: Path, environment: Mapping[str, str]) -> None:
    done = shell(jenkins_scripts()[0], clean, environment)
    assert done.returncode == 0, done.stderr


def test_jenkins_blocks_are_closed() -> None:
    spans = [text.span for text in groovy.texts(JENKINS)]
    code = "".join(char for at, char in enumerate(JENKINS) if not any(s.start <= at < s.end for s in spans))
    assert code.count("{") == code.count("}") and code.count("(") == code.count(")")


@pytest.fixture
def azure(tmp_path: Path) -> dict[str, str]:
    """Variables of an agent."""
    folders = {"AGENT_TEMPDIRECTORY": "temp", "BUILD_ARTIFACTSTAGINGDIRECTORY": "out put"}
    for name in folders.values():
        (tmp_path / name).mkdir()
    return {name: str(tmp_path / folder) for name, folder in folders.items()}


def azure_step(name: str, parameters: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The script and the variables of a step, parameters filled in."""
    (step,) = [each for each in AZURE["jobs"][0]["steps"] if "bash" in each and each["displayName"].startswith(name)]
    assert "${{" not in step["bash"], "a parameter would be part of the script"
    values = {each["name"]: each["default"] for each in AZURE["parameters"]} | dict(parameters)
    return step["bash"], {
        key: next(value for name, value in values.items() if text == f"${{{{ parameters.{name} }}}}")
        for key, text in step["env"].items()
    }


@pytest.mark.xdist_group("packaging")
def test_azure_installs(tmp_path: Path, azure: Mapping[str, str]) -> None:
    checkout = tmp_path / "checkout"
    copy_checkout(ROOT, checkout)
    script, variables = azure_step("Install", {"package": str(checkout)})
    pip = offline(sysconfig.get_path("purelib"))
    done = shell(script, tmp_path, {**pip, **azure, **variables})
    assert done.returncode == 0, done.stderr
    assert (Path(azure["AGENT_TEMPDIRECTORY"]) / "audit/bin/audit").is_file()


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 1),
        ({"failOn": "never"}, 0),
        ({"command": "image", "target": "shop.tar"}, 1),
        ({"target": "db"}, 1),
        ({"target": "$(touch pwned)"}, 3),
    ],
    ids=str,
)
def test_azure(
    repository: Path,
    azure: Mapping[str, str],
    command: Path,
    environment: Mapping[str, str],
    parameters: dict[str, str],
    code: int,
) -> None:
    folder = Path(azure["AGENT_TEMPDIRECTORY"]) / "audit/bin"
    folder.mkdir(parents=True)
    shutil.copy2(command, folder / "audit")
    script, variables = azure_step("audit", parameters)
    given = {**environment, **azure, "BUILD_SOURCESDIRECTORY": str(repository), **variables}
    done = shell(script, repository.parent, given)
    assert done.returncode == code, done.stderr
    (publish,) = [step for step in AZURE["jobs"][0]["steps"] if step.get("task") == "PublishTestResults@2"]
    reports = Path(azure["BUILD_ARTIFACTSTAGINGDIRECTORY"])
    assert list(reports.glob(publish["inputs"]["testResultsFiles"])) and list(reports.glob("audit/*.html"))
    assert not (repository / "pwned").exists()


def test_azure_publishes_when_the_gate_is_closed() -> None:
    after = AZURE["jobs"][0]["steps"][-2:]
    assert [step["condition"] for step in after] == ["succeededOrFailed()"] * 2
    example = yaml.safe_load((ROOT / "ci/azure/azure-pipelines.yml").read_text())
    known = {each["name"] for each in AZURE["parameters"]}
    for job in example["jobs"]:
        assert (ROOT / job["template"].partition("@")[0]).is_file()
        assert set(job.get("parameters", {})) <= known
