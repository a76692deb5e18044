"""The detector that settings ask for."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.detect.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.config import Settings
    from auditor.detect.userrules import UserRule


def detector_of(settings: Settings, rules: Sequence[UserRule]) -> Detector:
    """The detector with these rules of the user's own. Raises UsageError for an engine that is not there."""
    where = settings.origins.get("engine", "engine")
    try:
        return Detector(settings.engine, rules=rules, plugins=settings.plugins)
    except ImportError:
        raise UsageError(f"{where}: {settings.engine} is not installed") from None
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None
