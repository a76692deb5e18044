"""Takes known values out of everything that a runbook quotes."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.values import is_example_password
from auditor.report.masking import FileMasker, masker

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.core.finding import Report
    from auditor.core.secret import Secret


class Mask(NamedTuple):
    """For one target: `text` masks sentences, `name` paths and names, which have to stay recognisable: there a value
    that everybody knows (`password`, `root`) is no secret."""

    text: Callable[[str], str]
    name: Callable[[str], str]


def masks_of(report: Report) -> dict[str, Mask]:
    """A mask for every target and every file with a finding, by its name."""
    targets = {target.name: target for target in report.targets}
    secrets: dict[str, list[Secret]] = {name: list(target.secrets) for name, target in targets.items()}
    for finding in report.findings:
        known = secrets.setdefault(finding.location.path, [])
        if finding.secret is not None:
            known.append(finding.secret)
    made = {}
    for name, known in secrets.items():
        whole = masker(targets[name], known) if name in targets else FileMasker(known, [])
        telling = FileMasker([one for one in known if not is_example_password(one.reveal())], [])
        made[name] = Mask(whole.mask, telling.mask)
    return made
