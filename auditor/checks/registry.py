"""Which function runs which rule. The module is the rule's family, the function its id with underscores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.core.finding import Finding
    from auditor.flow.build import Build
    from auditor.flow.calling.files import CallFacts
    from auditor.flow.services import ComposeFacts

    Check = Callable[[Build], Iterator[Finding]]
    ComposeCheck = Callable[[ComposeFacts], Iterator[Finding]]
    CallCheck = Callable[[CallFacts], Iterator[Finding]]


def onbuild_secret(_build: Build) -> Iterator[Finding]:
    """Findings of the other rules inside ONBUILD triggers; `case.report` gives them this rule's id."""
    return iter(())


@lru_cache(maxsize=1)
def checks() -> dict[str, Check]:
    """Every check by the id of its rule."""
    from auditor.checks import (  # start-up: a build without a single fact needs none of them
        baked,
        caches,
        context,
        layers,
        log,
        metadata,
        mounts,
        run,
        servers,
        variables,
    )

    functions: tuple[Check, ...] = (
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
        baked.generated_private_key,
        servers.retired_secret_server,
        servers.squash_as_fix,
    )
    return {check.__name__.replace("_", "-"): check for check in functions}


def findings(build: Build, rule_ids: frozenset[str]) -> list[Finding]:
    """The findings of the chosen rules, in the order of the rules. Ids without a check here are ignored."""
    if build.is_silent:
        return []
    from auditor.checks.case import ONBUILD  # start-up: as above

    found: list[Finding] = []
    for rule_id, check in checks().items():
        if rule_id in rule_ids or ONBUILD in rule_ids:
            found += (f for f in check(build) if f.rule in rule_ids)
    return found


@lru_cache(maxsize=1)
def compose_checks() -> dict[str, ComposeCheck]:
    """Every check of compose files by the id of its rule."""
    from auditor.checks import compose  # start-up: compose files only

    functions: tuple[ComposeCheck, ...] = (
        compose.compose_env_secret,
        compose.compose_build_arg_secret,
        compose.compose_command_secret,
        compose.compose_label_secret,
        compose.compose_option_secret,
        compose.compose_inline_secret,
        compose.compose_wrapper_credential,
        compose.compose_secret_mount,
        compose.compose_secret_file,
        compose.compose_secret_size,
    )
    return {check.__name__.replace("_", "-"): check for check in functions}


def compose_findings(facts: ComposeFacts, rule_ids: frozenset[str]) -> list[Finding]:
    """The findings of the chosen rules in a compose file, in the order of the rules."""
    return [f for rule_id, check in compose_checks().items() if rule_id in rule_ids for f in check(facts)]


@lru_cache(maxsize=1)
def call_checks() -> dict[str, CallCheck]:
    """Every check of the files that call container tools, by the id of its rule."""
    from auditor.checks import calls  # start-up: such files only

    functions: tuple[CallCheck, ...] = (
        calls.build_arg_secret,
        calls.container_env_secret,
        calls.login_argument,
        calls.swarm_secret_literal,
        calls.ci_variable_secret,
        calls.committed_container,
        calls.squash_as_fix,
    )
    return {check.__name__.replace("_", "-"): check for check in functions}


def call_findings(facts: CallFacts, rule_ids: frozenset[str]) -> list[Finding]:
    """The findings of the chosen rules in such a file, in the order of the rules."""
    return [f for rule_id, check in call_checks().items() if rule_id in rule_ids for f in check(facts)]
