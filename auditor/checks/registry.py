"""Which function runs which rule. The module is the rule's family, the function its id with underscores."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.checks import baked, caches, context, layers, log, metadata, mounts, run, servers, variables
from auditor.checks.case import ONBUILD
from auditor.core.finding import Finding
from auditor.flow.build import Build

Check = Callable[[Build], Iterator[Finding]]


def onbuild_secret(_build: Build) -> Iterator[Finding]:
    """Findings of the other rules inside ONBUILD triggers; `case.report` gives them this rule's id."""
    return iter(())


CHECKS: dict[str, Check] = {
    check.__name__.replace("_", "-"): check
    for check in (
        variables.arg_secret,
        variables.arg_default_secret,
        variables.env_secret,
        metadata.label_secret,
        metadata.command_secret,
        metadata.healthcheck_secret,
        onbuild_secret,
        run.literal_secret,
        run.url_credentials,
        run.secret_flag,
        run.echoed_secret,
        layers.written_secret_file,
        layers.persisted_login,
        layers.copied_credential_file,
        layers.inline_credential_file,
        layers.deleted_secret_file,
        layers.carried_secret_file,
        mounts.leaked_mount_secret,
        context.context_secret_file,
        context.missing_dockerignore,
        log.step_name_secret,
        caches.package_cache,
        baked.baked_private_key,
        baked.baked_wrapper_config,
        servers.retired_secret_server,
        servers.squash_as_fix,
    )
}


def findings(build: Build, rule_ids: frozenset[str]) -> list[Finding]:
    """The findings of the chosen rules, in the order of the rules. Ids without a check here are ignored."""
    found: list[Finding] = []
    for rule_id, check in CHECKS.items():
        if rule_id in rule_ids or ONBUILD in rule_ids:
            found += (f for f in check(build) if f.rule in rule_ids)
    return found
