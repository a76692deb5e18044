"""A build argument that only its caller shows to be a secret: what `audit fix` makes of both, run on an engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from auditor.cli.main import main
from tests.realparts import BUILDKIT, DOCKER, DockerEngine, busybox

pytestmark = DOCKER
VALUE = "zQ8vT1xK" + "w3RbLm5YcN7d"
URL = "http://ci:{}@mirror.corp.example/simple"
DOCKERFILE = (
    "FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/cat\nCOPY busybox /bin/wc\nARG MIRROR\n"
    'RUN printf %s "$MIRROR" | wc -c > /length\n'
)


def test_what_a_script_hands_over_stays_out(docker: DockerEngine, tmp_path: Path) -> None:
    shutil.copy(busybox(), tmp_path / "busybox")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    script = tmp_path / "build.sh"
    script.write_text(
        f'docker build -q --no-cache --network none --build-arg MIRROR="{URL.format("$MIRROR_PASS")}" .\n'
    )

    def length(image: str) -> int:
        return int(docker("run", "--rm", "--network", "none", image, "/bin/cat", "/length"))

    def built() -> tuple[str, int]:
        """The history of what the script builds, with what the build said, and the length of what the RUN got."""
        path = f"{os.path.dirname(docker.client(BUILDKIT))}:{os.environ['PATH']}"
        given = {"PATH": path, "DOCKER_BUILDKIT": BUILDKIT, "MIRROR_PASS": VALUE}
        environment = {**os.environ, **docker.environment, **given}
        done = subprocess.run(["sh", "build.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        image = done.stdout.strip()
        try:
            return docker("history", "--no-trunc", image) + done.stderr, length(image)
        finally:
            docker("rmi", image)

    before, count = built()
    assert VALUE in before and count == len(URL.format(VALUE))
    assert main(["fix", "--isolated", str(tmp_path)]) == 0
    assert "ARG" not in (tmp_path / "Dockerfile").read_text()
    after, same = built()
    assert VALUE not in after and same == count
