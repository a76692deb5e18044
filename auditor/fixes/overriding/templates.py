"""Templates of the folder `reports/rewrite`, filled in."""

from __future__ import annotations

import shlex
from functools import cache

from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import template_dir
from auditor.fixes.overriding.scalars import key, scalar

if TYPE_CHECKING:
    import jinja2


def rendered(name: str, **values: object) -> str:
    """A template with its values; what it asks for and is not given is an error of ours."""
    return _environment().get_template(f"rewrite/{name}").render(values)


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # start-up: only where something is generated

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_dir("reports")),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # YAML and shell: each has its own quotes, below
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["yaml"] = scalar
    made.filters["key"] = key
    made.filters["sh"] = shlex.quote
    return made
