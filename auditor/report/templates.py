"""The one home of jinja2 among the reports: templates of the folder `reports/`, with everything escaped by default."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import template_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def rendered(
    folder: str, name: str, values: Mapping[str, object], escape: Callable[[object], str], *, html: bool = False
) -> str:
    """The template `reports/<folder>/<name>` filled in. `escape` gets every value that the template puts out.

    With `html`, what it returns without `__html__` is escaped again as markup. Unknown names in a template are errors.
    Raises AuditError if the installation has no templates.
    """
    import os

    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # start-up: only for a report of this kind

    environment = Environment(
        loader=FileSystemLoader(os.path.join(template_dir("reports"), folder)),
        autoescape=html,  # for other formats, `finalize` alone escapes
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(values)


def source(folder: str, name: str) -> str:
    """The text of `reports/<folder>/<name>` as it is. Raises AuditError if the installation has no templates."""
    import os

    with open(os.path.join(template_dir("reports"), folder, name), encoding="utf-8") as file:
        return file.read()
