"""Where a secret goes inside a RUN: into files, onto command lines, into the log; and where it does not."""

from __future__ import annotations

import pytest

from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse


def followed(step: str) -> Build:
    return follow(parse("FROM a\nARG TOKEN\nARG X\n" + step), "Dockerfile")


def written(build: Build) -> list[str]:
    """Files kept by the layer, with where their content comes from."""
    return [f"{f.path} < {','.join(o.name for o in f.origins)}" for f in build.facts.files if not f.gone]


def used(build: Build) -> list[str]:
    text = build.document.text
    return [f"{use.kind} {text[slice(*use.span)]}" for use in build.facts.uses]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("RUN echo $TOKEN > /x", ["/x < TOKEN"]),
        ("RUN echo a$TOKEN >> x", ["/x < TOKEN"]),
        ('RUN printf "%s" "${TOKEN}" | tee /x', ["/x < TOKEN"]),
        ("RUN echo $TOKEN | base64 | cat > /x", ["/x < TOKEN"]),
        ("RUN echo $(echo $TOKEN) > /x", ["/x < TOKEN"]),
        ("RUN A=$TOKEN && B=$A && echo $B > /x", ["/x < TOKEN"]),
        ("RUN A=$(echo $TOKEN | base64); echo $A > /x", ["/x < TOKEN"]),
        ("RUN { echo a; echo $TOKEN; } > /x", ["/x < TOKEN"]),
        ("RUN cat <<E > /x\na $TOKEN\nE\n", ["/x < TOKEN"]),
        ("RUN cat <<< $TOKEN > /x", ["/x < TOKEN"]),
        ("RUN env A=$TOKEN sh -c 'echo $A > /x'", ["/x < TOKEN"]),
        ("RUN sudo -u a env -u B A=$TOKEN sh -c 'echo $A > /x'", ["/x < TOKEN"]),
        ("RUN env A=$TOKEN true && echo $A > /x", []),
        ("RUN sudo -u A=$TOKEN sh -c 'echo $A > /x'", []),
        ("RUN <<E\necho $TOKEN > /x\nE\n", ["/x < TOKEN"]),
        ("RUN sh -c 'echo $TOKEN > /x'", ["/x < TOKEN"]),
        ("RUN for i in $TOKEN; do echo $i > /x; done", ["/x < TOKEN"]),
        ("RUN cd /w && echo $TOKEN > x", ["/w/x < TOKEN"]),
        ("WORKDIR /w\nRUN echo $TOKEN > y/../x", ["/w/x < TOKEN"]),
        ("USER u\nRUN echo $TOKEN > ~/x", ["/home/u/x < TOKEN"]),
        ('RUN sed -i "s|a|$TOKEN|" /x', ["/x < TOKEN"]),
        ('RUN sed -i "s/@PW@/${TOKEN}/" /etc/app.conf', ["/etc/app.conf < TOKEN"]),
        ("RUN sed -i.bak -re \"s|a|$TOKEN|\" -e 's|b|c|' /etc/dir/a", ["/etc/dir/a < TOKEN"]),
        ('RUN sed -Ei --expression="s|a|$TOKEN|" /x', ["/x < TOKEN"]),
        ("RUN echo $TOKEN > /x && cp /x /y", ["/x < TOKEN", "/y < /x"]),
        ("RUN echo $TOKEN > /x && mv /x /y", ["/y < TOKEN"]),
        ("RUN --mount=type=secret,id=t cat /run/secrets/t > /x", ["/x < t"]),
        ("RUN --mount=type=secret,id=t cp /run/secrets/t /x", ["/x < t"]),
        ("RUN --mount=type=secret,id=t,target=/s cat /s > /x", ["/x < t"]),
        ("RUN --mount=type=secret,id=t,env=T echo $T > /x", ["/x < t"]),
        ("RUN echo $TOKEN", []),
        ("RUN echo $TOKEN > /dev/null", []),
        ("RUN echo $TOKEN >&2", []),
        ("RUN echo '$TOKEN' > /x", []),
        ("RUN echo \\$TOKEN > /x", []),
        ("RUN cat <<'E' > /x\n$TOKEN\nE\n", []),
        ("RUN echo $UNKNOWN > /x", []),
        ("RUN echo ${TOKEN:+set} > /x", []),
        ("RUN [ -n $TOKEN ] && echo a > /x", []),
        ("RUN TOKEN=a; echo $TOKEN > /x", []),
        ("RUN echo $(curl -H $TOKEN h) > /x", []),
        ("RUN curl -H $TOKEN h > /x", []),
        ("RUN wc -c <<< $TOKEN > /x", []),
        ("RUN echo $TOKEN > /x && rm /x", []),
        ("RUN echo $TOKEN > /x && rm -rf /x", []),
        ("RUN echo $TOKEN > /w/x; rm -r /w", []),
        ("RUN echo $TOKEN > /w/x; rm /w/*", []),
        ("RUN cd /w; echo $TOKEN > x; rm x", []),
        ("RUN --mount=type=secret,id=t cat /run/secrets/other > /x", []),
        ("RUN --mount=type=secret,id=t ls /run/secrets > /x", []),
        ("RUN npm config set //h/:_authToken $TOKEN && npm config delete //h/:_authToken", []),
    ],
)
def test_what_a_command_writes(step: str, expected: list[str]) -> None:
    assert written(followed(step)) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("RUN echo $TOKEN", ["printed $TOKEN"]),
        ("RUN echo a | cat - && cat <<< $TOKEN", ["printed cat"]),
        ("RUN printenv TOKEN", ["printed printenv"]),
        ("RUN --mount=type=secret,id=t cat /run/secrets/t", ["printed /run/secrets/t"]),
        ("RUN --mount=type=secret,id=t cat /run/secrets/t | base64", ["printed base64"]),
        ("RUN --mount=type=secret,id=t set -x; A=$(cat /run/secrets/t)", ["xtrace $(cat /run/secrets/t)"]),
        ("RUN --mount=type=secret,id=t set -x; set +x; A=$(cat /run/secrets/t)", []),
        ("RUN set -x; a $TOKEN", []),
        ("RUN echo $TOKEN > /dev/null", []),
        ("RUN echo $TOKEN | docker login --password-stdin h", ["flag $TOKEN"]),
        ("RUN A=$(echo $TOKEN)", []),
        ("RUN echo ${TOKEN:+set}", []),
        ("RUN echo '$TOKEN'", []),
        ("RUN test -n $TOKEN", []),
        ("RUN export TOKEN && a", []),
        ("RUN curl -u u:$X h", ["flag $X"]),
        ("RUN mysql -p$X", ["flag $X"]),
        ("RUN a --password $X", ["flag $X"]),
        ('RUN curl -H "Authorization: Bearer $X" h', ['flag "Authorization: Bearer $X"']),
        ("RUN git clone https://u:$X@h.example/r", ["url u:$X"]),
        ("RUN sh -c 'git clone https://u:$X@h.example/r'", ["url u:$X"]),
        ("RUN a --user $X", []),
        ("RUN git clone https://h.example/$X", []),
        ("RUN a --password $UNKNOWN", []),
        ("RUN a --password-file $X", []),
    ],
)
def test_what_a_command_shows(step: str, expected: list[str]) -> None:
    assert used(followed(step)) == expected


@pytest.mark.parametrize(
    ("step", "inferred"),
    [
        ("RUN curl -u u:$X h", True),
        ("RUN git clone https://u:$X@h.example/r", True),
        ("RUN mysql -p$X", True),
        ("RUN echo u:$X | chpasswd", True),
        ("RUN docker login -u u -p $X h", True),
        ("RUN A=$X && mysql -p$A", True),
        ("ENV B=$X\nRUN mysql -p$B", True),
        ("RUN echo $X > /root/.ssh/id_rsa", True),
        ("RUN echo $X", False),
        ("RUN echo $X > /x", False),
        ("RUN curl -u $X h", False),
        ("RUN git clone https://h.example/$X", False),
        ("RUN mysql -u$X -h$X", False),
        ("RUN a --user $X --token-file $X", False),
    ],
)
def test_a_variable_is_a_secret_by_what_is_done_with_it(step: str, inferred: bool) -> None:
    (variable,) = [v for v in followed(step).facts.variables if v.name == "X"]
    assert (variable.inferred is not None, variable.sensitive) == (inferred, inferred)
