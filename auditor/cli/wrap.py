"""`audit wrap TARGET --with NAME|file|swarm`: secrets for a container of an image that is not ours to rebuild."""

from __future__ import annotations

import os
import sys

from auditor.cli.arguments import parser
from auditor.cli.settings import settings_of
from auditor.core.errors import ExitCode, UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.smallfile import replace_file

if TYPE_CHECKING:
    import argparse

    from auditor.run.wrapping.wrapping import WrapOptions, Wrapped

_EPILOG = """\
TARGET is one image, as audit image takes it: of the docker engine (REF), podman
(podman:REF), a registry (registry:REF), an archive or an OCI layout (oci:DIR).

--with NAME   a compose override that starts the image through the wrapper NAME
              (ksm, op, doppler, vault-env, ...; audit wrap X --with ? lists
              them), which resolves references: --map VAR=REFERENCE
--with file   a compose override with files of secrets: VAR_FILE where the image
              reads that, else a shell that reads them; --map VAR[=FILE]
--with swarm  a script of docker commands: secrets, service, rotation;
              --map VAR[=NAME]

Variables of the image, or of the service, that hold secrets are wrapped as
well. Their values are never printed.

exit codes:
  0  generated
  2  wrong usage
  3  the image could not be read
  4  refused: it would not start as before; the reason is printed
"""
#: Bytes of a file of ours, and of its beginning, which says that it is one.
_LONGEST_OWN, _HEAD = 16 << 20, 1000


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    arguments = vars(build_parser().parse_args(argv))
    shown_as: str = arguments.pop("format")
    quiet = bool(arguments.pop("quiet"))
    options = _options(arguments)
    settings = settings_of({"isolated": True}, [])
    from auditor.run.detecting import detector_of  # start-up: --help and wrong arguments need none of these
    from auditor.run.wrapping.wrapping import wrap

    wrapped = wrap(options, detector_of(settings, ()))
    text = wrapped.generated.text if wrapped.generated is not None else ""
    if options.output and text:
        _write(options.output, text)
    if shown_as == "json":
        from auditor.report.wrap_json import render  # start-up: one format a run

        sys.stdout.write(render(wrapped.request, wrapped.generated, wrapped.refused))
    elif text and not options.output:
        sys.stdout.write(text)
    sys.stdout.flush()
    _tell(wrapped, quiet=quiet or shown_as == "json")
    return ExitCode.CLEAN if wrapped.generated is not None else ExitCode.INTERNAL


def _tell(wrapped: Wrapped, *, quiet: bool) -> None:
    from auditor.report.wrap_text import refusal, summary  # start-up: as above

    if wrapped.generated is None:
        sys.stderr.write(refusal(wrapped.request, wrapped.refused))
    elif not quiet:
        sys.stderr.write(summary(wrapped.request, wrapped.generated))


def _options(arguments: dict[str, object]) -> WrapOptions:
    from auditor.run.wrapping.wrapping import WrapOptions  # start-up: as above

    if arguments["method"] in ("?", "help"):
        from auditor.core.wrappers import wrapper_ids

        raise UsageError(f"--with: file, swarm, or one of {', '.join(wrapper_ids())}")
    maps = _pairs("--map", arguments.pop("map"), needs_value=False)
    fill = _pairs("--fill", arguments.pop("fill"), needs_value=True)
    keep, insecure = arguments.pop("keep") or [], arguments.pop("insecure_registry") or []
    assert isinstance(keep, list) and isinstance(insecure, list)
    both = sorted(set(keep) & {name for name, _ in maps})
    if both:
        raise UsageError(f"--keep and --map are both given for {both[0]}")
    texts = {name: str(value or "") for name, value in arguments.items()}
    if texts["output"] == "-":
        texts["output"] = ""
    return WrapOptions(**texts, maps=maps, fill=fill, keep=frozenset(keep), insecure=tuple(insecure))


def _pairs(option: str, given: object, *, needs_value: bool) -> tuple[tuple[str, str], ...]:
    pairs: dict[str, str] = {}
    for text in given if isinstance(given, list) else []:
        name, equals, value = str(text).partition("=")
        if not name or (needs_value and not value):
            raise UsageError(f"{option}: NAME=VALUE is wanted")
        if equals and not value:
            raise UsageError(f"{option}: nothing stands behind the = of {name}")
        if not (name + value).isprintable():
            raise UsageError(f"{option}: {name!r} has characters that cannot be printed")
        if pairs.setdefault(name, value) != value:
            raise UsageError(f"{option}: {name} is given twice")
    return tuple(pairs.items())


def _write(path: str, text: str) -> None:
    """Write a file whole, or leave what is there. A file that is not one of ours stays. Raises UsageError."""
    from auditor.fixes.overriding.override import MARK  # start-up: as above
    from auditor.sources.files import UnreadableFile, read_regular

    try:
        if os.path.exists(path) and MARK.encode() not in read_regular(path, _LONGEST_OWN)[:_HEAD]:
            raise UsageError(f"{path} is there already, and was not made by audit wrap")
        replace_file(path, text)
    except UnreadableFile as error:
        raise UsageError(f"--output: {path}: {error}") from None
    except UsageError as error:
        raise UsageError(f"--output: {error}") from None


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("wrap", "Give secrets to a container of an image that stays as it is.", epilog=_EPILOG)
    p.add_argument("target", metavar="TARGET", help="the image; see below")
    p.add_argument("--with", dest="method", metavar="HOW", required=True, help="file, swarm, or the name of a wrapper")
    p.add_argument("--map", action="append", metavar="VAR[=REF]", help="a variable and where it comes from; repeatable")
    p.add_argument(
        "--keep",
        action="append",
        metavar="NAME",
        help="a variable that holds no secret, or entrypoint, command, health-check; repeatable",
    )
    group = p.add_argument_group("service")
    group.add_argument("--compose", metavar="FILE", help="the compose file that the override is for")
    group.add_argument("--service", metavar="NAME", help="the service (default: the one that runs the image)")
    group.add_argument("--image", metavar="REF", help="what the image is called, where TARGET does not say it")
    group = p.add_argument_group("wrapper")
    group.add_argument(
        "--form", choices=("shim", "exec"), help="a shell that asks for each value (shim), or the wrapper's own start"
    )
    group.add_argument("--fill", action="append", metavar="WORD=VALUE", help="a word of the wrapper's own; repeatable")
    group.add_argument("--cli-image", metavar="REF", help="the image that brings the wrapper's program")
    group.add_argument("--cli", metavar="PATH", help="the program's path there (default: /usr/local/bin/NAME)")
    group = p.add_argument_group("image")
    group.add_argument("--platform", metavar="OS/ARCH", help="which image of an index (default: this machine's)")
    group.add_argument(
        "--insecure-registry", action="append", metavar="HOST[:PORT]", help="speak plain http to this registry"
    )
    group = p.add_argument_group("report")
    group.add_argument("--output", metavar="FILE", help="write the override or script there (default: standard output)")
    group.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")
    group.add_argument("-q", "--quiet", action="store_true", help="no summary")
    return p
