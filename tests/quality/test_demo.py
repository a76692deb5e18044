from __future__ import annotations

from tests import demo


def test_the_demo_repository_shows_what_it_was_made_for() -> None:
    assert demo.found() == demo.EXPECTED.read_text().splitlines()
