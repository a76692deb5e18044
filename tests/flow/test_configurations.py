"""Which configuration of servers a build puts into its image, and the keys that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.checks.registry import findings
from auditor.core.finding import Finding
from auditor.core.resources import load_rules
from auditor.flow.build import Build, follow
from auditor.flow.configurations import configurations, naming, naming_folder
from auditor.flow.placements import MAX_FILES, is_cut, placements
from auditor.lang.directives import settings
from auditor.lang.dockerfile.parser import parse
from auditor.sources.context import BuildContext

CONF = "server {\n  ssl_certificate_key /etc/nginx/ssl/site.key;\n}\n"


def build(folder: Path, text: str, **files: str) -> Build:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return follow(parse(text), "Dockerfile", BuildContext.open(str(folder), str(folder / "Dockerfile")))


def found(built: Build) -> list[Finding]:
    return findings(built, frozenset(load_rules()["rules"]))


def test_files_lie_where_copy_puts_them(tmp_path: Path) -> None:
    text = (
        "FROM a AS one\nCOPY conf /c\nCOPY x_dot_conf /d/\nFROM one AS two\nFROM b\n"
        "COPY --from=two /c /etc/nginx\nCOPY --from=one /d/x.conf /e/y.conf\nCOPY --from=two /d/*.conf /f\n"
    ).replace("_dot_", ".")
    built = build(tmp_path, text, conf__sub__a_dot_conf="", x_dot_conf="")
    shipped = {each.target: each.source for each in placements(built) if each.step.ships}
    assert shipped == {
        "/etc/nginx/sub/a.conf": "conf/sub/a.conf",
        "/e/y.conf": "x.conf",
        "/f/x.conf": "x.conf",
    }


def test_more_files_than_are_told(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.txt").touch()
    assert is_cut(build(tmp_path, "FROM a\nCOPY . /x\n"))


def test_who_names_a_key(tmp_path: Path) -> None:
    text = "FROM nginx\nCOPY ssl /etc/nginx/ssl\nCOPY conf /etc/nginx/conf.d\n"
    built = build(tmp_path, text, conf__a_dot_conf=CONF, conf__b_dot_conf="x 1;\n", ssl__site_dot_key="k\n")
    [(one, each)] = naming(built, "/etc/nginx/ssl/site.key")
    assert (one.source, one.target, one.line(each)) == ("conf/a.conf", "/etc/nginx/conf.d/a.conf", 2)
    assert one.text[slice(*each.span)] == each.word == "/etc/nginx/ssl/site.key"
    assert not naming_folder(built, "/etc/nginx/ssl/site.key")
    [finding] = [f for f in found(built) if f.rule == "copied-credential-file"]
    [step] = finding.flow
    assert step.message == "conf/a.conf, line 2, names it: ssl_certificate_key /etc/nginx/ssl/site.key"
    assert step.location is not None and step.location.start_line == 3
    assert "ssl_certificate_key /run/secrets/site.key" in finding.remedy


def test_a_certificate_alone_is_not_named_as_a_key(tmp_path: Path) -> None:
    text = "FROM nginx\nCOPY a.conf site.crt /etc/nginx/\n"
    built = build(tmp_path, text, a_dot_conf="ssl_certificate site.crt;\n", site_dot_crt="(a certificate)\n")
    assert not naming(built, "/etc/nginx/site.crt") and not found(built)


@pytest.mark.parametrize(
    "steps",
    [
        "RUN cat > /etc/nginx/conf.d/a.conf <<'EOF'\n" + CONF + "EOF\n",
        "COPY <<EOF /etc/nginx/conf.d/a.conf\n" + CONF + "EOF\n",
    ],
)
def test_a_heredoc_names_it_without_a_context(steps: str) -> None:
    built = follow(parse(f"FROM nginx\nCOPY site.key /etc/nginx/ssl/\n{steps}"), "Dockerfile")
    [finding] = found(built)
    assert "names it: ssl_certificate_key" in finding.flow[0].message


def test_a_key_that_comes_with_the_whole_context(tmp_path: Path) -> None:
    text = "FROM nginx\nCOPY . /etc/nginx/ssl/\n"
    built = build(tmp_path, text, a_dot_conf=CONF, site_dot_key="k\n")
    [finding] = [f for f in found(built) if f.rule == "context-secret-file"]
    assert "names it" in finding.flow[0].message
    assert finding.remedy.startswith("Add site.key to .dockerignore, and mount it")


def test_a_mounted_key_is_no_finding(tmp_path: Path) -> None:
    text = "FROM nginx\nCOPY a.conf /etc/nginx/conf.d/\n"
    assert not found(build(tmp_path, text, a_dot_conf=CONF.replace("/etc/nginx/ssl", "/run/secrets")))


def test_too_many_settings_are_cut(tmp_path: Path) -> None:
    files = {f"c__{number}_dot_conf": CONF * 200 for number in range(10)}
    built = build(tmp_path, "FROM nginx\nCOPY c /etc/nginx/conf.d\nCOPY k.key /x/\n", **files)
    assert sum(len(one.namings) for one in configurations(built)) <= 1_200


@pytest.mark.parametrize("entry", load_rules()["tables"]["configurations"], ids=lambda entry: str(entry["id"]))
def test_every_entry_can_be_read(entry: dict[str, object]) -> None:
    assert not settings("x\n", str(entry["syntax"]), {"x"}).comments
    directives = entry["directives"]
    assert isinstance(directives, list) and directives
    assert not entry.get("caseless") or all(name == name.lower() for name in directives)
