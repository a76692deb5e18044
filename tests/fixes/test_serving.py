"""Keys that a server's configuration names: out of the image, and given to the container when it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.fixing import Fixed, fixed

CONF = """server {
    listen 443 ssl;
    ssl_certificate     /etc/nginx/ssl/site.crt;
    ssl_certificate_key /etc/nginx/ssl/site.key;
}
"""
STEPS = "COPY site.crt site.key /etc/nginx/ssl/\nCOPY site.conf /etc/nginx/conf.d/site.conf\n"
NEW = "/run/secrets/site.key"


def project(folder: Path, files: dict[str, str]) -> None:
    for name, content in {"site.key": "(a private key)\n", "site.crt": "(a certificate)\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogateescape"))


def run(folder: Path, steps: str = STEPS, *, base: str = "nginx:1.27", unsafe: bool = False, **files: str) -> Fixed:
    project(folder, {"site.conf": CONF, **{name.replace("__", "/"): text for name, text in files.items()}})
    text = f"FROM {base}\n{steps}" if base else steps
    (folder / "Dockerfile").write_text(text)
    return fixed(text, context=folder, unsafe=unsafe)


def others(result: Fixed) -> dict[str, str]:
    return {one.source: one.after for one in result.others}


def reason(result: Fixed) -> str:
    return "; ".join(result.left.values())


def test_the_key_leaves_and_the_setting_changes_along(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.text == "FROM nginx:1.27\nCOPY site.crt /etc/nginx/ssl/\nCOPY site.conf /etc/nginx/conf.d/site.conf\n"
    assert result.ignored == ["site.key"]
    assert others(result) == {"site.conf": CONF.replace("/etc/nginx/ssl/site.key", NEW)}
    [given] = result.rewrite.given
    assert (given.name, given.source, given.path) == ("site.key", "site.key", NEW)
    [note] = result.rewrite.notes
    assert '-v "$PWD/site.key:/run/secrets/site.key:ro"' in note
    assert "--secret source=site_key_v1,target=site.key,mode=0400" in note


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("ssl_certificate_key ssl/site.key;", "ssl_certificate_key /run/secrets/site.key;"),
        ("ssl_certificate_key 'ssl/site.key' ;", "ssl_certificate_key '/run/secrets/site.key' ;"),
        ('ssl_certificate_key "/etc/nginx//ssl/./site.key";', 'ssl_certificate_key "/run/secrets/site.key";'),
        ("ssl_certificate_key\n  /etc/nginx/ssl/site.key\n;", "ssl_certificate_key\n  /run/secrets/site.key\n;"),
        ("# /etc/nginx/ssl/site.key\nssl_certificate_key ssl/site.key;", None),
        ("proxy_ssl_certificate_key ssl/site.key;", "proxy_ssl_certificate_key /run/secrets/site.key;"),
    ],
)
def test_how_a_setting_may_be_written(written: str, after: str | None, tmp_path: Path) -> None:
    result = run(tmp_path, site__conf="", **{"site.conf": f"server {{ listen 443 ssl; {written} }}\r\n"})
    expected = after or written.replace("ssl/site.key;", "/run/secrets/site.key;")
    assert others(result) == {"site.conf": f"server {{ listen 443 ssl; {expected} }}\r\n"}
    assert not result.left


def test_every_setting_that_names_it_changes(tmp_path: Path) -> None:
    steps = STEPS.replace("COPY site.conf", "COPY ssl.conf /etc/nginx/snippets/\nCOPY site.conf")
    two = CONF + CONF.replace("443", "8443") + "include snippets/ssl.conf;\n"
    result = run(tmp_path, steps, **{"site.conf": two, "ssl.conf": "ssl_certificate_key ssl/site.key;\n"})
    assert others(result)["site.conf"].count(NEW) == 2
    assert others(result)["ssl.conf"] == f"ssl_certificate_key {NEW};\n"


def test_certificate_and_key_in_one_file(tmp_path: Path) -> None:
    conf = "ssl_certificate /etc/nginx/ssl/site.key;\nssl_certificate_key /etc/nginx/ssl/site.key;\n"
    assert others(run(tmp_path, **{"site.conf": conf})) == {"site.conf": conf.replace("/etc/nginx/ssl/site.key", NEW)}


def test_a_template_for_envsubst(tmp_path: Path) -> None:
    steps = "COPY site.key /etc/nginx/ssl/\nCOPY templates /etc/nginx/templates\n"
    conf = "server { server_name ${NAME}; ssl_certificate_key /etc/nginx/ssl/site.key; }\n"
    result = run(tmp_path, steps, **{"templates__default.conf.template": conf})
    assert others(result) == {"templates/default.conf.template": conf.replace("/etc/nginx/ssl/site.key", NEW)}


def test_a_folder_with_key_and_configuration(tmp_path: Path) -> None:
    result = run(tmp_path, "COPY . /etc/nginx/ssl/\n")
    assert result.ignored == ["site.key"]
    assert others(result) == {"site.conf": CONF.replace("/etc/nginx/ssl/site.key", NEW)}


def test_in_a_heredoc_of_copy(tmp_path: Path) -> None:
    steps = f"COPY site.key /etc/nginx/ssl/site.key\nCOPY <<'EOF' /etc/nginx/conf.d/site.conf\n{CONF}EOF\n"
    result = run(tmp_path, steps)
    assert result.text == f"FROM nginx:1.27\nCOPY <<'EOF' /etc/nginx/conf.d/site.conf\n{CONF}EOF\n".replace(
        "/etc/nginx/ssl/site.key", NEW
    )
    assert not result.left and not others(result)


def test_by_way_of_another_stage(tmp_path: Path) -> None:
    steps = (
        "FROM alpine:3.20 AS files\nCOPY site.key /out/ssl/\nCOPY site.conf site.crt /out/\n"
        "FROM nginx:1.27\nCOPY --from=files /out/ssl/site.key /etc/nginx/ssl/\n"
        "COPY --from=files /out/site.conf /etc/nginx/conf.d/\n"
    )
    result = run(tmp_path, steps, base="")
    assert result.text == (
        "FROM alpine:3.20 AS files\nCOPY site.conf site.crt /out/\n"
        "FROM nginx:1.27\nCOPY --from=files /out/site.conf /etc/nginx/conf.d/\n"
    )
    assert others(result) == {"site.conf": CONF.replace("/etc/nginx/ssl/site.key", NEW)}


def test_two_keys_of_one_name(tmp_path: Path) -> None:
    steps = "COPY a/tls.key /etc/nginx/a/\nCOPY b/tls.key /etc/nginx/b/\nCOPY site.conf /etc/nginx/conf.d/\n"
    conf = "server { ssl_certificate_key a/tls.key; }\nserver { ssl_certificate_key b/tls.key; }\n"
    files = {"a__tls.key": "(one private key)\n", "b__tls.key": "(another private key)\n", "site.conf": conf}
    result = run(tmp_path, steps, **files)
    assert others(result)["site.conf"] == conf.replace("a/tls", "/run/secrets/a_tls").replace("b/t", "/run/secrets/t")
    assert sorted(given.name for given in result.rewrite.given) == ["a_tls.key", "tls.key"]


@pytest.mark.parametrize(
    ("base", "name", "conf", "place"),
    [
        ("haproxy:3.0", "haproxy.cfg", "crt-base /c\nbind :443 ssl crt site.pem # x\n", "site.pem"),
        ("haproxy:3.0", "haproxy.cfg", "bind :443 ssl crt /c/site.pem alpn h2\n", "/c/site.pem"),
        ("httpd:2.4", "ssl.conf", 'SSLCertificateKeyFile "/c/site.pem"\n', "/c/site.pem"),
        ("postgres:17", "postgresql.conf", "ssl = on\nssl_key_file = '/c/site.pem'  # x\n", "/c/site.pem"),
        ("mysql:9", "my.cnf", "[mysqld]\nssl-key=/c/site.pem\n", "/c/site.pem"),
        ("redis:7", "redis.conf", "tls-port 6379\ntls-key-file /c/site.pem\n", "/c/site.pem"),
        ("traefik:v3", "tls.yml", "tls:\n  certificates:\n    - keyFile: /c/site.pem\n", "/c/site.pem"),
        ("traefik:v3", "tls.toml", '[[tls.certificates]]\nkeyFile = "/c/site.pem"\n', "/c/site.pem"),
        ("caddy:2", "Caddyfile", "site.example {\n\ttls /c/site.crt /c/site.pem\n}\n", "/c/site.pem"),
        ("mongo:8", "mongod.conf", "net:\n  tls:\n    certificateKeyFile: /c/site.pem\n", "/c/site.pem"),
    ],
)
def test_other_servers(base: str, name: str, conf: str, place: str, tmp_path: Path) -> None:
    steps = f"COPY site.pem /c/\nCOPY {name} /etc/x/{name}\n"
    result = run(tmp_path, steps, base=base, **{name: conf, "site.pem": "(a private key)\n"})
    assert others(result) == {name: conf.replace(place, "/run/secrets/site.pem")}
    assert result.text == f"FROM {base}\nCOPY {name} /etc/x/{name}\n"


CHANGED = "COPY site.crt site.key /etc/nginx/ssl/\nCOPY site.conf /etc/nginx/conf.d/site.conf\n{}\n"


@pytest.mark.parametrize(
    ("steps", "files", "why"),
    [
        (CHANGED.format("RUN sed -i s/443/444/ /etc/nginx/conf.d/site.conf"), {}, "the RUN in line 4"),
        (CHANGED.format("RUN nginx -t"), {}, "the RUN in line 4 starts nginx"),
        (CHANGED.format("RUN openssl rsa -in /etc/nginx/ssl/site.key -check"), {}, "a RUN makes something of"),
        (CHANGED.format("RUN acme-tool setup"), {}, "a RUN may read the key"),
        (CHANGED.format("ENV KEY=/etc/nginx/ssl/site.key"), {}, "ENV names it"),
        (CHANGED.format("HEALTHCHECK CMD test -f /etc/nginx/ssl/site.key"), {}, "HEALTHCHECK names it"),
        (CHANGED.format("VOLUME /etc/nginx/conf.d"), {}, "lies in a VOLUME"),
        (CHANGED.format("COPY run.sh /"), {"run.sh": "#!/bin/sh\nls /etc/nginx/ssl/site.key\n"}, "run.sh names it"),
        (STEPS, {"site.conf": CONF + "ssl_certificate_key $key;\n"}, "line 6, does not say plainly"),
        (STEPS, {"site.conf": CONF + "map a b { x site.key; }\n"}, "site.conf names it, too"),
        (STEPS, {"site.conf": CONF + "content_by_lua_block { x = '}' }\n"}, "could not be read whole"),
        (STEPS, {"site.conf": "# This file is generated, do not edit\n" + CONF}, "says that it is generated"),
        (STEPS, {"compose.yml": "services:\n  a:\n    volumes:\n      - ./site.conf:/x\n"}, "compose.yml uses"),
        (STEPS, {"Dockerfile.dev": "FROM nginx\n" + STEPS}, "Dockerfile.dev uses"),
        (
            "COPY site.key /etc/nginx/ssl/\nRUN cat > /etc/nginx/conf.d/a.conf <<'EOF'\n" + CONF + "EOF\n",
            {"site.conf": ""},
            "the RUN in line 3 writes the configuration that names it (ssl_certificate_key)",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_proven_is_left(steps: str, files: dict[str, str], why: str, tmp_path: Path) -> None:
    result = run(tmp_path, steps, **files)
    assert result.text == f"FROM nginx:1.27\n{steps}"
    assert not others(result) and not result.ignored
    assert why in reason(result)


def test_a_folder_of_keys_is_left(tmp_path: Path) -> None:
    steps = "COPY site.pem /certs/\nCOPY haproxy.cfg /usr/local/etc/haproxy/\n"
    files = {"site.pem": "(a private key)\n", "haproxy.cfg": "bind :443 ssl crt /certs/\n"}
    assert "names the whole folder /certs/" in reason(run(tmp_path, steps, base="haproxy:3.0", **files))


@pytest.mark.parametrize(
    ("base", "tail", "why"),
    [
        ("registry.example/acme/web:1", "", "what registry.example/acme/web:1 starts"),
        ("debian:12", "", "what starts in the container is not seen"),
        ("debian:12", 'CMD ["supervisord"]\n', "supervisord starts in the container"),
        ("nginx:1.27", "CMD node server.js\n", "node starts in the container"),
    ],
)
def test_what_is_not_seen_takes_the_option(base: str, tail: str, why: str, tmp_path: Path) -> None:
    result = run(tmp_path, STEPS + tail, base=base)
    assert why in reason(result) and not others(result)
    assert others(run(tmp_path, STEPS + tail, base=base, unsafe=True))["site.conf"].count(NEW) == 1


@pytest.mark.parametrize(
    ("base", "tail"),
    [
        ("debian:12", 'RUN apt-get install -y nginx\nCMD ["nginx", "-g", "daemon off;"]\n'),
        ("alpine:3.20", 'ENTRYPOINT ["tini", "--"]\nCMD ["/usr/sbin/nginx"]\n'),
        ("docker.io/library/nginx@sha256:" + "0" * 64, ""),
        ("nginx:1.27", 'COPY start.sh /\nENTRYPOINT ["/start.sh"]\nCMD ["nginx"]\n'),
    ],
)
def test_what_starts_the_server_is_seen(base: str, tail: str, tmp_path: Path) -> None:
    result = run(tmp_path, STEPS + tail, base=base, **{"start.sh": '#!/bin/sh\nexec "$@"\n'})
    assert not result.left and others(result)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("USER 101\n", "mode=0400,uid=101"),
        ("RUN adduser -u 1500 web\nUSER web\n", "mode=0400,uid=1500"),
        ("USER web\n", "mode=0444"),
    ],
)
def test_who_has_to_read_it_is_told(steps: str, told: str, tmp_path: Path) -> None:
    [note] = run(tmp_path, STEPS + steps).rewrite.notes
    assert told in note and "must be readable for the user" in note


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    first = run(tmp_path)
    (tmp_path / ".dockerignore").write_text("site.key\n")
    again = run(tmp_path, first.text.partition("\n")[2], **others(first))
    assert again.text == first.text and not others(again) and not again.left
