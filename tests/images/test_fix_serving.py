"""The key of a real nginx: out of the image by `audit fix --prove`, and the server answers as before once it has it."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.images.nginxparts import nginx_files
from tests.images.test_fix_proving import PROVE, Capture
from tests.images.test_fix_proving import project as project
from tests.images.workshop import Workshop
from tests.quality.test_systems import PAGES, write_files
from tests.realparts import BUILDKIT, DOCKER, Failed, program, run
from tests.sources.images.engines import allow_sockets

pytestmark = DOCKER
DOCKERFILE = """\
FROM scratch
ADD root.tar /
COPY site.crt site.key /etc/nginx/ssl/
RUN chmod 600 /etc/nginx/ssl/site.key
COPY conf.d /etc/nginx/conf.d
CMD ["nginx", "-g", "daemon off;"]
"""
CONF = """\
server {
    listen unix:/sockets/tls ssl;
    ssl_certificate ssl/site.crt;
    ssl_certificate_key ssl/site.key;
    return 200 "the key is read\\n";
}
"""
_SECONDS = 20.0


@pytest.fixture
def site(project: Path) -> Path:
    """A project with a certificate and the key of it."""
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site.example")
    run(program("openssl"), *words, "-keyout", "site.key", "-out", "site.crt", folder=project)
    (project / "root.tar").write_bytes(nginx_files())
    (project / "Dockerfile").write_text(DOCKERFILE)
    (project / "conf.d").mkdir()
    (project / "conf.d" / "site.conf").write_text(CONF)
    (project / "build.sh").unlink()
    return project


@contextmanager
def container(workshop: Workshop, image: str, folder: Path, *options: str) -> Iterator[Path]:
    """A running container; gives the socket on which it answers."""
    sockets = folder / f"sockets-{len(options)}"
    sockets.mkdir()
    started = workshop.engine("run", "-d", "--network=none", "-v", f"{sockets}:/sockets", *options, image).strip()
    try:
        yield sockets / "tls"
    finally:
        workshop.engine("rm", "-f", started)


def answer(place: Path, certificate: Path) -> bytes:
    """What the server says to somebody who trusts this certificate alone."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    limit = time.monotonic() + _SECONDS
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as plain:
                plain.settimeout(5)
                plain.connect(str(place))
                with context.wrap_socket(plain) as secure:
                    secure.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    said = b""
                    while data := secure.recv(4096):
                        said += data
                    return said.partition(b"\r\n\r\n")[2]
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)


def test_the_server_answers_as_before(
    site: Path, workshop: Workshop, capfd: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before, after = workshop.name("tls-before"), workshop.name("tls-after")
    workshop.engine.build(site, "-q", "-t", before, builder=BUILDKIT)
    code = main(["fix", ".", "--unsafe-fixes", *PROVE, "-v"])  # what the archive holds is not seen
    out, err = capfd.readouterr()
    assert code == 0, out + err
    assert "ssl_certificate_key /run/secrets/site.key;" in (site / "conf.d" / "site.conf").read_text()
    assert (site / ".dockerignore").read_text() == ".git\nsite.key\n"
    assert "The image after holds none of the values." in out
    workshop.engine.build(site, "-q", "-t", after, builder=BUILDKIT)
    allow_sockets(monkeypatch)
    given = ("-v", f"{site}/site.key:/run/secrets/site.key:ro")
    with container(workshop, before, tmp_path) as place:
        assert answer(place, site / "site.crt") == b"the key is read\n"
    with container(workshop, after, tmp_path, *given) as place:
        assert answer(place, site / "site.crt") == b"the key is read\n"
    with pytest.raises(Failed, match=r"cannot load certificate key .*/run/secrets/site.key"):
        workshop.engine("run", "--rm", "--network=none", after, "nginx", "-t")


def test_what_the_page_says(
    site: Path, own_workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    """The page's commands of docker, with an image of this name made here."""
    page = PAGES[0].read_text(encoding="utf-8")
    for name in ("key", "crt"):  # those of the page are no real ones
        (site / f"site.{name}").rename(site / f"real.{name}")
    write_files(page, site)
    for name in ("key", "crt"):
        (site / f"real.{name}").replace(site / f"site.{name}")
    own_workshop.engine("import", "-c", 'CMD ["nginx"]', "root.tar", "nginx:1.27", folder=site)
    own_workshop.names.append("nginx:1.27")
    (site / ".dockerignore").write_text("root.tar\nconf.d\n.git\n")
    assert main(["fix", "."]) == 0
    capfd.readouterr()
    allow_sockets(monkeypatch)
    [shown] = [block for block in re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL) if "build" in block]
    lines = [line for line in shown.splitlines() if "-p 443" not in line]
    build, test = lines
    assert build == "docker build -t site ."
    own_workshop.names.append("site")
    own_workshop.engine.build(site, "-q", "-t", "site", builder=BUILDKIT)
    test = test.replace("run --rm", "run --rm --network=none")
    run("sh", "-c", test, folder=site, environment=own_workshop.engine.environment)
