"""Lists of dpkg, and which of its packages count as public."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.images.owning.lists import KEY, Digests, digests, owned

INFO = "var/lib/dpkg/info/"
CONTROL = """Package: {name}
Status: install ok installed
Priority: optional
Section: libs
Maintainer: Key Maintainers <keys@lists.example.org>
Architecture: amd64
Version: 1.2-3
"""


def sums(*paths: str, name: str = "libkeys1", copyrighted: bool = True) -> str:
    more = (f"usr/share/doc/{name}/copyright",) if copyrighted else ()
    return "".join(f"{digests(KEY).md5}  {path}\n" for path in (*paths, *more))


def lists(*paths: str, status: str = CONTROL, name: str = "libkeys1", copyrighted: bool = True) -> dict[str, str]:
    return {
        f"{INFO}{name}.md5sums": sums(*paths, name=name, copyrighted=copyrighted),
        "var/lib/dpkg/status": CONTROL.format(name="other") + "\n" + status.format(name=name),
    }


def test_an_unmodified_file_is_owned() -> None:
    found = owned(lists("usr/share/keys/test.pem"))
    assert found.owner("usr/share/keys/test.pem", digests(KEY)) == "libkeys1"
    assert found.owner("usr/share/keys/test.pem", Digests(digests(KEY).md5, "", "")) == "libkeys1"


def test_a_changed_or_unlisted_file_is_not() -> None:
    found = owned(lists("usr/share/keys/test.pem"))
    assert found.owner("usr/share/keys/test.pem", digests(KEY + b" ")) == ""
    assert found.claims("usr/share/keys/test.pem")
    assert found.owner("usr/share/keys/planted.pem", digests(KEY)) == ""
    assert not found.claims("usr/share/keys/planted.pem")
    assert found.owner("usr/share/keys/test.pem", Digests("", "", "")) == ""


def test_folders_that_moved_below_usr_are_the_same() -> None:
    found = owned(lists("lib/x86_64-linux-gnu/libkeys.so.1", "usr/bin/keys"))
    assert found.owner("usr/lib/x86_64-linux-gnu/libkeys.so.1", digests(KEY)) == "libkeys1"
    assert found.owner("lib/x86_64-linux-gnu/libkeys.so.1", digests(KEY)) == "libkeys1"
    assert found.owner("bin/keys", digests(KEY)) == "libkeys1"
    assert found.owner("local/lib/x86_64-linux-gnu/libkeys.so.1", digests(KEY)) == ""


def test_lists_of_several_architectures() -> None:
    found = owned(
        {
            f"{INFO}libkeys1:amd64.md5sums": sums("usr/lib/amd64/keys"),
            f"{INFO}libkeys1:i386.md5sums": sums("usr/lib/i386/keys", copyrighted=False),
            "var/lib/dpkg/status": CONTROL.format(name="libkeys1"),
        }
    )
    assert found.owner("usr/lib/amd64/keys", digests(KEY)) == "libkeys1"
    assert found.owner("usr/lib/i386/keys", digests(KEY)) == "libkeys1"


def test_configuration_files_are_listed_in_the_status() -> None:
    status = CONTROL + f"Conffiles:\n /etc/keys.conf {digests(KEY).md5}\n /etc/old.conf {digests(KEY).md5} obsolete\n"
    found = owned(lists(status=status))
    assert found.owner("etc/keys.conf", digests(KEY)) == "libkeys1"
    assert found.owner("etc/old.conf", digests(KEY)) == "libkeys1"
    assert found.owner("etc/keys.conf", digests(b"changed")) == ""


def test_distroless_images_have_a_file_for_each_package() -> None:
    found = owned(
        {
            "var/lib/dpkg/status.d/libkeys1": CONTROL.format(name="libkeys1"),
            "var/lib/dpkg/status.d/libkeys1.md5sums": sums("usr/share/keys/test.pem"),
        }
    )
    assert found.owner("usr/share/keys/test.pem", digests(KEY)) == "libkeys1"


def test_docs_may_be_in_a_package_of_the_same_source() -> None:
    for more in ("Source: keys\n", "Depends: libc6 (>= 2), libkeys-doc (= 1.2-3)\n"):
        found = owned(lists("usr/share/keys/test.pem", status=CONTROL + more, copyrighted=False))
        assert found.owner("usr/share/keys/test.pem", digests(KEY)) == "libkeys1"


@pytest.mark.parametrize(
    "made",
    [
        lists("usr/share/keys/test.pem", copyrighted=False),
        lists("usr/share/keys/test.pem", status=CONTROL + "Vendor: Corp\n"),
        lists("usr/share/keys/test.pem", status=CONTROL + "License: proprietary\n"),
        lists("usr/share/keys/test.pem", status=CONTROL.replace("keys@lists.example.org", "root@build-7")),
        lists("usr/share/keys/test.pem", status=CONTROL.replace("lists.example.org", "git.corp.example")),
        lists("usr/share/keys/test.pem", status=CONTROL.replace("lists.example.org", "10.1.2.3")),
        lists("usr/share/keys/test.pem", status=CONTROL.replace("Maintainer", "Section")),
        lists("usr/share/keys/test.pem", "opt/corp/app"),
        lists("usr/share/keys/test.pem", "usr/local/bin/app"),
        lists("usr/share/keys/test.pem", status=CONTROL + f"Conffiles:\n /srv/app.conf {digests(KEY).md5}\n"),
        {f"{INFO}libkeys1.md5sums": sums("usr/share/keys/test.pem")},
    ],
    ids="undocumented vendor license host reserved-name number no-maintainer opt local conffile no-status".split(),
)
def test_files_of_in_house_packages_are_claimed_only(made: dict[str, str]) -> None:
    found = owned(made)
    assert found.owner("usr/share/keys/test.pem", digests(KEY)) == ""
    assert found.claims("usr/share/keys/test.pem")


def test_packages_of_a_real_system() -> None:
    status = Path("/var/lib/dpkg/status")
    if not status.is_file() or not Path("/var/lib/dpkg/info/coreutils.md5sums").is_file():
        pytest.skip("needs a system with dpkg and coreutils")
    names = ("var/lib/dpkg/status", f"{INFO}coreutils.md5sums", f"{INFO}sed.md5sums")
    found = owned({name: Path("/", name).read_bytes() for name in names})
    assert found.owner("usr/share/doc/sed/copyright", digests(b"not this")) == ""
    sed = next(path for path in ("/usr/bin/sed", "/bin/sed") if Path(path).is_file())
    assert found.owner(sed.lstrip("/"), digests(Path(sed).read_bytes())) == "sed"
