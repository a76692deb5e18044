"""The detector that settings ask for."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.detect.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.config import Settings
    from auditor.detect.selective import Selective
    from auditor.detect.userrules import UserRule


def detector_of(settings: Settings, rules: Sequence[UserRule]) -> Detector:
    """The detector with signs and these rules of the user's own. Raises UsageError for an engine that is not there."""
    where = settings.origins.get("engine", "engine")
    try:
        return Detector(settings.engine, rules=rules, plugins=settings.plugins, signs=True)
    except ImportError:
        raise UsageError(f"{where}: {settings.engine} is not installed") from None
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None


def selective_of(settings: Settings, rules: Sequence[UserRule]) -> Selective:
    """The same for files by the thousand. Raises as `detector_of` does."""
    from auditor.detect.selective import Selective  # start-up: scans of files only

    return Selective(detector_of(settings, rules))
