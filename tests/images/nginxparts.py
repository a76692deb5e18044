"""An nginx of this machine for images: its program, its libraries and a configuration that takes in others."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile

import pytest

from tests.realparts import busybox, program

NGINX_CONF = """\
user root;
events {}
error_log stderr;
http {
    access_log off;
    include /etc/nginx/conf.d/*.conf;
}
"""


def nginx_files() -> bytes:
    """The tar of a file system in which nginx runs. Skips where there is no nginx with TLS."""
    path = program("nginx")
    told = subprocess.run([path, "-V"], capture_output=True, text=True, check=False).stderr
    if "http_ssl_module" not in told:
        pytest.skip("the nginx of this machine has no TLS")
    folders = {
        os.path.dirname(found) for found in re.findall(r"temp-path=(\S+)|log-path=(/\S+)", told) for found in found
    }
    libraries = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    found = re.findall(r"(/\S+)", libraries)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for folder in sorted(
            {"/run", "/etc", "/tmp", "/dev", "/proc", "/sys", "/var/log/nginx", "/var/lib/nginx", *folders} - {""}
        ):
            entry = tarfile.TarInfo(folder.strip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        _add_text(archive, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        _add_text(archive, "etc/group", "root:x:0:\n")
        _add_text(archive, "etc/nginx/nginx.conf", NGINX_CONF)
        for source, target in [(path, "/usr/sbin/nginx"), (busybox(), "/bin/sh"), *((one, one) for one in found)]:
            archive.add(os.path.realpath(source), target.lstrip("/"))
        for name in ("chmod", "cat", "true"):
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "sh"
            archive.addfile(entry)
    return made.getvalue()


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text), 0o644
    archive.addfile(entry, io.BytesIO(text.encode()))
