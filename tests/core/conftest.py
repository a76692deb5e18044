from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.ruletexts import RULE, write


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    write(tmp_path, "variables/arg-secret.toml", RULE)
    return tmp_path
