"""What a finding advises fits what was found, and its message does not say a word twice."""

from __future__ import annotations

import pytest

from auditor.core.finding import Confidence
from auditor.core.secret import Secret
from auditor.detect.detection import Detection
from auditor.run.scanning.remedies import remedy
from auditor.run.scanning.wording import message


def detection(rule: str, kind: str, title: str, name: str = "") -> Detection:
    return Detection(rule, title, 0, 1, Secret("x", kind), Confidence.HIGH, name)


@pytest.mark.parametrize(
    ("found", "path", "first", "sample"),
    [
        (detection("known-token", "github-token", "GitHub token"), "a", "(GitHub token)", "GITHUB_TOKEN"),
        (detection("known-token", "slack-token", "Slack bot token"), "a", "(Slack bot token)", ""),
        (detection("known-token", "password-hash-bcrypt", "bcrypt password hash"), "a", "Choose a new password", ""),
        (detection("stored-credential", "password-hash", "Password hash (MD5)"), "shadow", "Choose a new password", ""),
        (
            detection("stored-credential", "npm-token", "npm registry token"),
            "x/.npmrc",
            "(npm registry token)",
            "npm ci",
        ),
        (detection("stored-credential", "netrc", "netrc password"), ".netrc", "(netrc password)", ""),
        (detection("provider-key", "aws-key", "AWS secret access key"), "a.js", "(AWS secret access key)", ""),
        (detection("provider-key", "algolia-key", "Algolia key"), "a.js", "(Algolia key)", "ALGOLIA_ADMIN_KEY"),
        (detection("assigned-secret", "password", "password"), "app.yml", "Change the secret", ""),
        (detection("assigned-secret", "password", "password"), "a/settings.py", "Change the secret", "open("),
    ],
)
def test_samples_stand_only_where_they_fit(found: Detection, path: str, first: str, sample: str) -> None:
    text = remedy(found, path)
    assert first in text.split("\n")[0]
    assert (sample in text) if sample else ("\n    " not in text)


def test_rules_of_the_user_have_no_advice_of_ours() -> None:
    assert remedy(detection("mine", "mine", "Mine"), "a") == ""


@pytest.mark.parametrize(
    ("title", "name", "expected"),
    [
        ("password", "PASSWORD", "Password."),
        ("netrc password", "password", "Netrc password."),
        ("token", "const apiToken2", "Token in apiToken2."),
        ("password", "static final String dbPassword", "Password in dbPassword."),
        ("password", "let", "Password in let."),
        ("password", "variable", "Password in variable."),
    ],
)
def test_the_name_in_a_message(title: str, name: str, expected: str) -> None:
    assert message(detection("assigned-secret", "password", title, name)) == expected
