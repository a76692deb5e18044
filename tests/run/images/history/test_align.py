"""Which entry of the history made which layer."""

from __future__ import annotations

from auditor.run.images.history.align import align
from auditor.run.images.history.entries import read
from tests.run.images.configs import entry, history


def test_by_count() -> None:
    config = history(
        "ADD rootfs.tar / # buildkit", 'CMD ["sh"]', "RUN /bin/sh -c make # buildkit", "COPY a /b # buildkit"
    )
    alignment = align(read(config), 3)
    assert alignment.exact
    assert [alignment.entry_of(layer) for layer in range(4)] == [0, 2, 3, None]
    assert [alignment.layer_of(number) for number in range(4)] == [0, None, 1, 2]
    assert alignment.entry_of(-1) is None


def test_no_history() -> None:
    alignment = align(read({}), 2)
    assert not alignment.exact
    assert alignment.entry_of(0) is None
    assert alignment.entry_of(1, "etc/passwd") is None


def test_layers_that_do_not_fit_are_found_by_path() -> None:
    config = history(
        "COPY a.txt /app/ # buildkit",
        "COPY conf /etc/shop/ # buildkit",
        "/bin/sh -c #(nop) COPY dir:0123456789abcdef in /srv ",
        "RUN /bin/sh -c echo x > /root/.npmrc && rm /root/old # buildkit",
        "RUN /bin/sh -c rm -f /root/.npmrc # buildkit",
    )
    alignment = align(read(config), 1)
    assert not alignment.exact
    paths = ("app/a.txt", "app/b.txt", "etc/shop/x/y", "srv/q", "root/.npmrc", "usr/lib/x", "root/.npmrc.bak")
    assert [alignment.entry_of(0, path) for path in paths] == [0, 0, 1, 2, 3, None, None]
    assert alignment.entry_of(0) is None
    assert alignment.layer_of(0) is None


def test_relative_goals_follow_the_working_folder() -> None:
    config = history("WORKDIR /app", "WORKDIR src", "COPY a ./x/../y # buildkit")
    assert align(read(config), 3).entry_of(0, "app/src/y") == 2


def test_the_last_entry_that_names_a_path_wins() -> None:
    config = history("COPY a /x # buildkit", "COPY b /x # buildkit", "COPY . / # buildkit")
    alignment = align(read(config), 1)
    assert [alignment.entry_of(0, path) for path in ("x", "other")] == [1, 2]


def test_buildah_without_layers_puts_everything_under_the_last_entry() -> None:
    config: dict[str, object] = {
        "history": [
            entry("/bin/sh -c #(nop) ADD file:0123456789abcdef in / "),
            entry("/bin/sh -c #(nop) ENV A=b", empty=True, comment="FROM registry.example/base:1"),
            entry("/bin/sh -c #(nop) COPY file:0123456789abcdef in /app/key ", empty=True),
            entry("/bin/sh -c echo x > /root/token", empty=True),
            entry('/bin/sh -c #(nop) CMD ["sh"]'),
        ]
    }
    alignment = align(read(config), 2)
    assert alignment.exact
    assert alignment.entry_of(0, "bin/sh") == 0
    assert [alignment.entry_of(1, path) for path in ("app/key", "root/token", "var/x", "")] == [2, 3, None, None]


def test_a_run_that_changed_nothing_has_no_layer() -> None:
    config: dict[str, object] = {
        "history": [entry("/bin/sh -c true", empty=True), entry("/bin/sh -c #(nop) COPY file:0123456789ab in /x ")]
    }
    assert align(read(config), 1).entry_of(0, "x") == 1


def test_a_squashed_layer_is_shared_by_all_before_it() -> None:
    config: dict[str, object] = {
        "history": [
            entry("/bin/sh -c #(nop) ADD file:0123456789abcdef in / "),
            entry("/bin/sh -c #(nop) COPY file:0123456789abcdef in /app/key ", empty=True),
            entry("", comment="merge sha256:ab to sha256:cd"),
        ]
    }
    alignment = align(read(config), 2)
    assert [alignment.entry_of(1, path) for path in ("app/key", "")] == [1, None]
    assert alignment.entry_of(0, "app/key") == 0
