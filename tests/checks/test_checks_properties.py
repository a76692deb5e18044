"""What holds for the findings of any Dockerfile: no raw secret in what is said, places that exist, a fixed order."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.checks.registry import checks, findings
from auditor.core.finding import Finding
from auditor.core.resources import load_rules
from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse

RULES = frozenset(load_rules()["rules"])
SECRETS = ("hunter2Zq8vT1x", "ghp_" + "aB1" * 12, "Zq8vT1xKw3Rb")
_LINES = st.sampled_from(
    [
        *("FROM a\n", "FROM a AS s\n", "FROM s\n", "ONBUILD ", "ARG TOKEN\n", "ARG X\n", "USER u\n", "WORKDIR /w\n"),
        *(f"ENV DB_PASSWORD={SECRETS[0]}\n", f"ARG API_KEY={SECRETS[2]}\n", f"LABEL a.token={SECRETS[1]}\n"),
        *(f"RUN export API_TOKEN={SECRETS[1]}\n", f"RUN curl -u u:{SECRETS[0]} h\n", f"RUN mysql -p{SECRETS[0]}\n"),
        *(f"RUN git clone https://u:{SECRETS[2]}@h.example/x\n", f"RUN echo password={SECRETS[0]} > /x\n"),
        *(f"RUN echo u:{SECRETS[0]} | chpasswd\n", f"RUN docker login -u u -p {SECRETS[2]} h\n"),
        *(f"RUN sh -c 'export DB_PASSWORD={SECRETS[0]}'\n", f"RUN <<E\nexport DB_PASSWORD={SECRETS[0]}\nE\n"),
        *(f"COPY <<E /root/.netrc\nmachine h login u password {SECRETS[0]}\nE\n", f"CMD a --password {SECRETS[0]}\n"),
        *(f"HEALTHCHECK CMD curl -u u:{SECRETS[0]} h\n", f"ADD https://u:{SECRETS[2]}@h.example/x /x\n"),
        *("RUN echo $TOKEN > /x\n", "RUN rm /x\n", "RUN git clone https://u:$X@h.example/r\n", "RUN echo $TOKEN\n"),
        *("COPY id_rsa /x/\n", "COPY --from=s / /\n", "RUN rm -r /x\n", "ENV A=$TOKEN\n", "RUN npm ci\n", "RUN \\\n"),
        *("RUN --mount=type=secret,id=t cat /run/secrets/t > /x\n", "# c\n", "'", '"', "\udcff", "\x1b[1m", "é\n"),
    ]
)
documents = st.lists(_LINES, max_size=14).map(lambda parts: "FROM a\n" + "".join(parts))


def followed(text: str) -> Build:
    return follow(parse(text), "Dockerfile")


def said(finding: Finding) -> Iterator[str]:
    """All that a finding says in words."""
    yield from (
        finding.message,
        finding.subject,
        str(finding),
        repr(finding),
        str(finding.secret),
        repr(finding.secret),
    )
    yield f"{finding.secret}"
    yield from (step.message for step in finding.flow)


@settings(max_examples=300)
@given(documents)
def test_no_finding_says_a_raw_secret(text: str) -> None:
    for finding in findings(followed(text), RULES):
        for words in said(finding):
            assert not any(secret in words for secret in SECRETS)


@given(documents)
def test_every_place_of_a_finding_exists(text: str) -> None:
    build = followed(text)
    for finding in findings(build, RULES):
        for location in (finding.location, *(step.location for step in finding.flow if step.location)):
            assert 0 <= location.span.start <= location.span.end <= len(text)
            assert location.start_line >= 1
            assert location.start_column >= 1
            assert (location.start_line, location.start_column) <= (location.end_line, location.end_column)
            assert location.end_line <= build.document.lines.count


@given(documents)
def test_findings_are_of_known_rules_and_well_said(text: str) -> None:
    for finding in findings(followed(text), RULES):
        assert finding.rule in checks()
        assert finding.message.endswith(".")
        assert finding.subject
        assert len(finding.flow) <= 8


@given(documents, st.sets(st.sampled_from(sorted(RULES))))
def test_choosing_rules_only_leaves_others_out(text: str, chosen: set[str]) -> None:
    every = [(f.rule, f.location, f.message) for f in findings(followed(text), RULES) if f.rule in chosen]
    some = [(f.rule, f.location, f.message) for f in findings(followed(text), frozenset(chosen))]
    assert some == every
