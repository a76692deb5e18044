"""The command line of `audit fix`: what there is to say, and what of it makes sense together."""

from __future__ import annotations

import os

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.run.rewrite.options import ENV, FILE, FixOptions, ProveOptions

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from auditor.core.wrappers import Wrapping

_EPILOG = """\
A directory stands for every Dockerfile and compose file in it; scripts,
Makefiles, compose, bake and CI files that call the build and are named here, or
lie in a directory that is, change along; with --callers all of the repository
do, else they are named. Every change is checked before it is
written: the new text is read again, that of a Dockerfile by a second reader as
well, the finding is gone, no other one has come, and the rest is as it was.
What fails a check stays as it is.

--diff goes to standard output, all else to standard error. It masks secrets,
also on lines that go; with --show-secrets it can always be applied by
git apply or patch -p1. With - a Dockerfile is read from standard input, and
written, fixed or not, to standard output.

exit codes:
  0  nothing to fix, or all fixed
  1  a finding as bad as --fail-on is left; with --check, something can be
     fixed; with --exit-non-zero-on-fix, something was
  2  wrong usage or configuration
  3  an input could not be read whole
  4  a fix did not hold, was not proven or could not be written; those files
     are as they were
"""
#: Options without a value, which may stand on the quick path.
FLAGS = {
    "--diff": "diff",
    "--check": "check",
    "--unsafe-fixes": "unsafe_fixes",
    "--exit-non-zero-on-fix": "exit_non_zero_on_fix",
    "--callers": "all_callers",
}
_PROVING = ("secret", "build_arg", "ssh", "build_option", "prove_command", "keep_images")


def arguments_of(argv: list[str]) -> dict[str, Any]:
    """The arguments by name. Raises SystemExit for wrong ones and --help."""
    if all(argument in FLAGS or argument == "-" or not argument.startswith("-") for argument in argv):
        # start-up: file names and switches alone do not need argparse, which takes a tenth of the budget
        flags = {FLAGS[argument]: True for argument in argv if argument in FLAGS}
        return {"paths": [argument for argument in argv if argument not in FLAGS], **flags}
    return vars(build_parser().parse_args(argv))


def take_options(given: dict[str, Any], paths: list[str]) -> FixOptions:
    """What is not a setting, taken out of the arguments. Raises UsageError for what cannot be meant."""
    prove = _prove_options(given)
    options = FixOptions(
        unsafe=bool(given.pop("unsafe_fixes", None)),
        diff=bool(given.pop("diff", None)),
        check=bool(given.pop("check", None)),
        secret_form=given.pop("secret_form", None) or FILE,
        callers=not given.pop("no_callers", None) and "-" not in paths,
        exit_non_zero_on_fix=bool(given.pop("exit_non_zero_on_fix", None)),
        prove=prove,
        wrapping=_wrapping(given),
        all_callers=bool(given.pop("all_callers", None)),
    )
    if options.all_callers and not options.callers:
        raise UsageError("--callers changes files, which neither --no-callers nor - does")
    if "-" in paths and len(paths) > 1:
        raise UsageError("-: standard input cannot be fixed together with files")
    if "-" in paths and prove is not None:
        raise UsageError("--prove builds files, not standard input")
    context = given.get("context")
    if context and given.get("no_context"):
        raise UsageError("--context and --no-context cannot be used together")
    if context and not os.path.isdir(context):
        raise UsageError(f"--context: {context!r} is no directory")
    return options


def _wrapping(given: dict[str, Any]) -> Wrapping | None:
    """What `--wrapper` asks for. Raises UsageError."""
    name = given.pop("wrapper", None)
    values = {key: given.pop(key, None) for key in ("map", "wrapper_form", "base_config")}
    if name is None:
        for key, value in values.items():
            if value:
                raise UsageError(f"--{key.replace('_', '-')} is for --wrapper, which is not given")
        return None
    from auditor.cli.fixwrapper import wrapping_of  # start-up: only with --wrapper

    return wrapping_of(name, values["map"] or (), values["wrapper_form"] or "", values["base_config"] or ())


def _prove_options(given: dict[str, Any]) -> ProveOptions | None:
    wanted = given.pop("prove", None)
    values = {name: given.pop(name, None) for name in _PROVING}
    if not wanted:
        for name, value in values.items():
            if value:
                raise UsageError(f"--{name.replace('_', '-')} is for --prove, which is not given")
        return None
    return ProveOptions(
        secrets=tuple(values["secret"] or ()),
        arguments=tuple(values["build_arg"] or ()),
        ssh=tuple(values["ssh"] or ()),
        command=_words(values["prove_command"] or ""),
        keep_images=bool(values["keep_images"]),
        build=tuple(values["build_option"] or ()),
    )


def _words(command: str) -> tuple[str, ...]:
    if not command:
        return ()
    import shlex  # start-up: only with such a command

    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--prove-command: {error}") from None


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    from auditor.cli.arguments import parser  # start-up: options only
    from auditor.cli.options import add_baseline_option, add_rule_options, add_search_options, add_setting

    p = parser("fix", "Rewrite Dockerfiles and compose files so that secrets do not stay in them.", epilog=_EPILOG)
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories, - for standard input (default: .)")
    _add_fix_options(p)
    _add_wrapper_options(p)
    _add_prove_options(p)
    _add_report_options(p)
    add_baseline_option(add_rule_options(p))
    group = p.add_argument_group("input")
    for key in ("context", "no-context", "target"):
        add_setting(group, key)
    add_search_options(group, stdin_filename="Dockerfile")
    return p


def _add_fix_options(p: argparse.ArgumentParser) -> None:
    group = p.add_argument_group("fixes")
    group.add_argument("--diff", action="store_true", help="print what would change, write nothing")
    group.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something can be fixed")
    group.add_argument(
        "--unsafe-fixes", action="store_true", help="also fixes that had to guess something; look at the diff"
    )
    group.add_argument(
        "--secret-form",
        choices=(FILE, ENV),
        help="how RUN gets a secret: from a file that it exports (default), or as a variable"
        " (env; from docker engine 27.3 on)",
    )
    group.add_argument(
        "--callers",
        dest="all_callers",
        action="store_true",
        help="change what calls the build anywhere in the repository along with a Dockerfile, not only among the paths",
    )
    group.add_argument(
        "--no-callers", action="store_true", help="change no scripts, CI or compose files along with a Dockerfile"
    )
    group.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit with 1 if something was fixed")


def _add_wrapper_options(p: argparse.ArgumentParser) -> None:
    from auditor.core.wrappers import EXEC, SHIM  # start-up: options only

    group = p.add_argument_group("run-time secrets")
    group.add_argument(
        "--wrapper",
        metavar="NAME",
        help="the container fetches its secrets when it starts, by ksm, op, doppler or another of docs/wrappers.md",
    )
    group.add_argument(
        "--map",
        action="append",
        metavar="VAR=REFERENCE",
        help="what the wrapper calls the value of a variable, as keeper://UID/field/password (repeatable)",
    )
    group.add_argument(
        "--wrapper-form",
        choices=(SHIM, EXEC),
        help="shim: a shell asks for the values and becomes the program; exec: the wrapper starts it"
        " (default: what keeps signals and exit codes)",
    )
    group.add_argument(
        "--base-config",
        action="append",
        metavar="FILE",
        help="output of `docker image inspect` for base images whose start is not known (repeatable)",
    )


def _add_prove_options(p: argparse.ArgumentParser) -> None:
    group = p.add_argument_group("proof", "builds each Dockerfile before and after the change, and compares")
    group.add_argument("--prove", action="store_true", help="write only what this shows to be right")
    group.add_argument(
        "--secret", action="append", metavar="SPEC", help="id=ID,src=FILE or id=ID,env=NAME, as docker build takes it"
    )
    group.add_argument("--build-arg", action="append", metavar="NAME[=VALUE]", help="for both builds; repeatable")
    group.add_argument("--ssh", action="append", metavar="ID[=PATH]", help="an agent or key for the build")
    group.add_argument(
        "--build-option", action="append", metavar="OPT", help="another option for both builds: --build-option=--pull"
    )
    group.add_argument("--prove-command", metavar="CMD", help="run it in both images and compare what it prints")
    group.add_argument("--keep-images", action="store_true", help="leave the two images in the engine")


def _add_report_options(p: argparse.ArgumentParser) -> None:
    group = p.add_argument_group("report")
    group.add_argument(
        "--format",
        action="append",
        metavar="FORMAT[:FILE]",
        help="text (default), json, or runbook (how to rotate what leaked), to FILE or standard output; repeatable",
    )
    group.add_argument(
        "--min-severity", metavar="SEVERITY", help="least severity that is fixed, and printed where it is left (medium)"
    )
    group.add_argument("--fail-on", metavar="SEVERITY", help="least severity left for exit code 1, or never (medium)")
    group.add_argument("--exit-zero", action="store_true", default=None, help="exit with 0 even if findings are left")
    group.add_argument("--color", metavar="WHEN", help="auto (default), always or never")
    group.add_argument("--show-secrets", action="store_true", default=None, help="mask nothing (diff, json)")
    group.add_argument("-q", "--quiet", action="store_true", default=None, help="no summary")
    group.add_argument("-v", "--verbose", action="store_true", default=None, help="all evidence of a proof")
