"""Lines of the Dockerfile from what a builder attests."""

from __future__ import annotations

import base64
import json

import pytest

from auditor.run.images.metadata.provenance import Provenance, provenance_lines

DOCKERFILE = "FROM base\nRUN make\nCOPY a /b\n"
DATA = base64.b64encode(DOCKERFILE.encode()).decode()
SOURCE = {
    "infos": [{"filename": "Dockerfile", "language": "Dockerfile", "data": DATA}],
    "locations": {
        "step0": {"locations": [{"ranges": [{"start": {"line": 1}, "end": {"line": 1}}]}]},
        "step1": {"locations": [{"ranges": [{"start": {"line": 2}, "end": {"line": 2}}]}]},
        "step2": {
            "locations": [{"sourceIndex": 1, "ranges": [{"start": {"line": 9}}]}, {"ranges": [{"start": {"line": 3}}]}]
        },
        "step3": {},
    },
}  # fmt: skip
LAYERS = {
    "step0:0": [[{"digest": "sha256:base"}]],
    "step1:0": [[{"digest": "sha256:base"}, {"digest": "sha256:made"}]],
    "step2:0": [[{"digest": "sha256:base"}, {"digest": "sha256:made"}, {"digest": "sha256:copied"}]],
    "step3:0": [[{"digest": "sha256:unknown"}]],
}
METADATA = {"source": SOURCE, "layers": LAYERS}
NOTHING = Provenance("", "", {}, {})


@pytest.mark.parametrize(
    "predicate",
    [
        {"runDetails": {"metadata": {"buildkit_metadata": METADATA}}},
        {"metadata": {"https://mobyproject.org/buildkit@v1#metadata": METADATA}},
    ],
)
def test_both_versions(predicate: object) -> None:
    found = provenance_lines(json.dumps({"predicate": predicate}))
    assert (found.filename, found.text) == ("Dockerfile", DOCKERFILE)
    assert found.steps == {"step0": 1, "step1": 2, "step2": 3}
    assert found.layers == {"sha256:base": 1, "sha256:made": 2, "sha256:copied": 3}


@pytest.mark.parametrize(
    "statement",
    [
        b"", b"[]", b"{", "5", None, 5, [],
        '{"predicate": []}',
        '{"predicate": {"runDetails": {"metadata": {"buildkit_metadata": {"source": 1, "layers": []}}}}}',
        '{"predicate": {"runDetails": {"metadata": {"buildkit_metadata":'
        ' {"source": {"infos": [5], "locations": [1]}, "layers": {"a": [[5]]}}}}}}',
        '{"predicate": {"runDetails": {"metadata": {"buildkit_metadata": {"source":'
        ' {"infos": [{"filename": 1, "data": "?"}],'
        ' "locations": {"a": {"locations": [{"ranges": [{"start": {"line": true}}, 1]}, {"ranges": "x"}]}}},'
        ' "layers": {"a": [[{"digest": "x"}]]}}}}}}',
    ],
)  # fmt: skip
def test_statements_that_say_nothing(statement: object) -> None:
    assert provenance_lines(statement) == NOTHING
