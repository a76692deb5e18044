"""Where in a finished image a secret of a layer still is, which layer brought it and which one took it away."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.run.images.configs import CHOSEN, GITHUB, NPM, RANDOM
from tests.run.images.imagemaking import audited, config_of, layer, layer_of, members, oci, saved, sha, written

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
NPMRC = f"//npm.example/:_authToken={NPM}\n".encode()
BASE = layer({"etc/motd": b"hello\n"})


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


def only(report: dict[str, Any]) -> dict[str, Any]:
    """The one finding."""
    (finding,) = report["findings"]
    found: dict[str, Any] = finding
    return found


@pytest.mark.parametrize(
    ("path", "above", "state", "remover"),
    [
        ("app/.env", {"etc/other": b"x"}, "live", None),
        ("app/.env", {"app/.wh..env": b""}, "deleted", 2),
        ("app/.env", {".wh.app": b""}, "deleted", 2),
        ("a/b/c/.env", {"a/.wh.b": b""}, "deleted", 2),
        ("app/.env", {"app/": b"", "app/.wh..wh..opq": b""}, "deleted", 2),
        ("app/sub/.env", {"app/": b"", "app/.wh..wh..opq": b"", "app/new": b"x"}, "deleted", 2),
        ("app/.env", {"app/.env": b"A=b\n"}, "overwritten", 2),
        ("app/.env", {"app": b"a file now"}, "hidden", 2),
        ("app/.env", {"app/.wh..env": b"", "app/.env": b"A=b\n"}, "overwritten", 2),
        ("app/.env", {"app/.wh.env": b""}, "live", None),
        ("app/.env", {"applied/.wh..wh..opq": b""}, "live", None),
        ("app/.env", {"app/.wh..wh.plnk": b""}, "live", None),
    ],
)
def test_the_fate_of_a_file(
    path: str, above: dict[str, bytes], state: str, remover: int | None, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [BASE, layer({path: TOKEN}), layer(above), layer({"last": b"x"})]
    ran = audited(capsys, written(image, saved(layers)))
    assert ran.code == 1
    found = only(ran.report)["image"]
    assert (found["layer_index"], found["path"], found["state"]) == (1, path, state)
    assert found["removed_by_layer"] == remover


def test_an_opaque_marker_hides_nothing_of_its_own_layer(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """BuildKit writes such a marker into every new directory."""
    layers = [BASE, layer({"app/": b"", "app/.wh..wh..opq": b"", "app/.env": TOKEN})]
    assert audited(capsys, written(image, saved(layers))).places == [("layer", 1, "app/.env", "live")]


def test_the_state_after_coming_back(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [layer({"a": TOKEN}), layer({".wh.a": b""}), layer({"a": TOKEN})]
    found = only(audited(capsys, written(image, saved(layers))).report)
    assert (found["image"]["layer_index"], found["image"]["state"]) == (2, "live")
    (before,) = [related["image"] for related in found["related"]]
    assert (before["layer_index"], before["state"], before["removed_by_layer"]) == (0, "deleted", 1)


def test_a_copy_by_chmod_is_one_finding_with_two_places(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [layer({"app/key.env": TOKEN}), layer({"app/key.env": TOKEN, "x": b"y"})]
    ran = audited(capsys, written(image, saved(layers)))
    found = only(ran.report)
    assert (found["image"]["layer_index"], found["image"]["state"]) == (1, "live")
    (earlier,) = found["related"]
    assert (earlier["image"]["layer_index"], earlier["image"]["state"]) == (0, "overwritten")
    assert earlier["message"] == "The same value, overwritten."


def test_the_same_value_in_several_places_is_one_group(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = config_of([f"ENV T={GITHUB}!"], Env=[f"GITHUB_TOKEN={GITHUB}"])
    layers = [layer({"app/a.env": TOKEN, "srv/b.txt": GITHUB.encode()}), layer({"c": TOKEN, "d": NPMRC})]
    ran = audited(capsys, written(image, saved(layers, config)))
    prints = {finding["secret"]["fingerprint"] for finding in ran.report["findings"]}
    assert len(prints) == 2
    whole = {place[:3] for place in ran.places}
    assert {("layer", 0, "app/a.env"), ("layer", 0, "srv/b.txt"), ("layer", 1, "c"), ("layer", 1, "d")} <= whole


@pytest.mark.parametrize("buildkit", [True, False])
def test_the_instruction_behind_a_layer(buildkit: bool, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if buildkit:
        made = [
            "/bin/sh -c #(nop) ADD file:1 in / ",
            'CMD ["bash"]!',
            "ENV A=b # buildkit!",
            "COPY .env /app/ # buildkit",
            "RUN /bin/sh -c make # buildkit",
            "USER app!",
        ]
    else:
        made = [
            "/bin/sh -c #(nop) ADD file:1 in / ",
            '/bin/sh -c #(nop)  CMD ["bash"]!',
            "/bin/sh -c #(nop)  ENV A=b!",
            "/bin/sh -c #(nop) COPY file:2 in /app/ ",
            "/bin/sh -c make",
            "/bin/sh -c #(nop)  USER app!",
        ]
    layers = [BASE, layer({"app/.env": TOKEN}), layer({"root/.npmrc": NPMRC})]
    ran = audited(capsys, written(image, saved(layers, config_of(made))))
    told = {one["path"]: one for one in (finding["image"] for finding in ran.report["findings"])}
    for path, number, entry in (("app/.env", 1, 3), ("root/.npmrc", 2, 4)):
        place = told[path]
        assert (place["layer_index"], place["history_index"]) == (number, entry)
        assert place["created_by"].strip() == made[entry].strip()
        assert place["diff_id"] == sha(layers[number])
        assert place["line"] == 1


def test_an_oci_layer_has_its_blob_s_digest(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, written(image, oci([BASE, layer({"app/.env": TOKEN})])))
    place = only(ran.report)["image"]
    (target,) = ran.report["targets"]
    assert place["digest"] == target["image"]["layers"][1]["digest"]
    assert place["digest"].startswith("sha256:") and place["digest"] != place["diff_id"]


def test_a_squashed_image_knows_no_instruction(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Longer history than layers: a wrong attribution is worse than none."""
    made = ["/bin/sh -c #(nop) COPY file:1 in /a ", "/bin/sh -c one", "/bin/sh -c two", "/bin/sh -c three"]
    ran = audited(capsys, written(image, saved([layer({"srv/unnamed": TOKEN})], config_of(made))))
    place = only(ran.report)["image"]
    assert (place["layer_index"], place["history_index"], place["created_by"]) == (0, None, None)
    assert ran.report["targets"][0]["image"]["layers"][0]["history_index"] is None


@pytest.mark.parametrize("content", [TOKEN, f"password = '{RANDOM}'\n".encode()], ids=["token", "password"])
@pytest.mark.parametrize("folder", ["a", "usr/lib"])
def test_hard_links_keep_a_content_alive(
    folder: str, content: bytes, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = members({f"{folder}/settings.py": content})
    link = tarfile.TarInfo("b/kept.env")
    link.type, link.linkname = tarfile.LNKTYPE, f"{folder}/settings.py"
    layers = [layer_of([*made, (link, b"")]), layer({f"{folder}/.wh.settings.py": b""})]
    place = only(audited(capsys, written(image, saved(layers))).report)["image"]
    assert (place["path"], place["state"], place["removed_by_layer"]) == ("b/kept.env", "live", None)


def test_a_path_twice_in_one_layer_hides_the_first(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [layer([("a.env", TOKEN), ("a.env", b"A=b\n")])]
    assert audited(capsys, written(image, saved(layers))).places == [("layer", 0, "a.env", "hidden")]


@pytest.mark.parametrize(
    "text",
    [
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7" + "EXAMPLE\n",
        "PASSWORD=changeme\nTOKEN=<your-token>\nAPI_KEY=xxxxxxxxxxxxxxxxxxxx\n",
        "DB_PASSWORD=op://vault/item/password\nX_TOKEN=keeper://abc/field/password\n",
        "DB_PASSWORD_FILE=/run/secrets/db\nDB_PASSWORD=${DB_PASSWORD}\n",
        'integrity "sha512-'
        + "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA"
        + '"\n',
        "id: 123e4567-e89b-42d3-a456-426614174000\ncommit 9fceb02d0ae598e95dc970b74767f19372d61af8\n",
        "ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305\n",
    ],
)
def test_decoys_are_silent(text: str, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [layer({"app/.env": text.encode(), "app/settings.yaml": text.encode(), "notes.txt": text.encode()})]
    env = [line for line in text.splitlines() if line.partition("=")[0].isupper()]
    config = config_of([f"ENV {line}!" for line in env], Env=env, Labels={"note": text})
    ran = audited(capsys, written(image, saved(layers, config)))
    assert (ran.code, [f for f in ran.report["findings"] if f["severity"] in ("medium", "high", "critical")]) == (0, [])


@pytest.mark.parametrize(
    ("config", "part", "pointer"),
    [
        ({"Env": ["PATH=/bin", f"DB_PASSWORD={CHOSEN}"]}, "config", "/config/Env/1"),
        ({"Labels": {"a/b": GITHUB}}, "label", "/config/Labels/a~1b"),
        ({"Cmd": ["run", f"--password={CHOSEN}"]}, "config", "/config/Cmd/1"),
        ({"Entrypoint": ["run", "--token", GITHUB]}, "config", "/config/Entrypoint/2"),
        (
            {"Healthcheck": {"Test": ["CMD-SHELL", f"curl -H 'Authorization: token {GITHUB}' http://h.example/"]}},
            "config",
            "/config/Healthcheck/Test/1",
        ),
        ({"OnBuild": [f"ENV GH_TOKEN={GITHUB}"]}, "config", "/config/OnBuild/0"),
    ],
)
def test_places_in_the_config(
    config: dict[str, Any], part: str, pointer: str, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = audited(capsys, written(image, saved([BASE], config_of(**config))))
    place = only(ran.report)["image"]
    assert (ran.code, place["part"], place["pointer"], place["state"]) == (1, part, pointer, "live")


@pytest.mark.parametrize(
    "made",
    [
        f"|2 A=b NPM_TOKEN={NPM} /bin/sh -c npm ci",
        f"RUN |1 NPM_TOKEN={NPM} /bin/sh -c npm ci # buildkit",
        f"ARG NPM_TOKEN={NPM} # buildkit!",
        f"ENV NPM_TOKEN={NPM}!",
        f"RUN /bin/sh -c echo {NPM} > /dev/null # buildkit",
    ],
)
def test_values_that_only_the_history_has(made: str, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, written(image, saved([BASE], config_of(["/bin/sh -c #(nop) ADD file:1 in / ", made]))))
    found = only(ran.report)
    assert (found["image"]["part"], found["image"]["history_index"]) == ("history", 1)
    assert NPM not in ran.out and NPM not in ran.err
    assert found["image"]["created_by"]
