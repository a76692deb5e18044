"""Reads ARG and ENV declarations: what each variable is called, holds, and is made of."""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import names, positions, tokens, values
from auditor.flow.facts import Inference, Literal, Step, Variable
from auditor.lang.dockerfile import words
from auditor.lang.dockerfile.nodes import Pair, Text
from auditor.lang.dockerfile.scope import Environment

Find = Callable[[str], "Variable | None"]


def unquoted(raw: Text) -> Text:
    """A value without the quotes around it, if they are around all of it."""
    text = raw.text
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        return raw.slice(1, len(text) - 1)
    return raw


def declare(pair: Pair, kind: str, step: Step, environment: Environment, find: Find, escape: str) -> Variable:
    """One declaration as a variable."""
    variable = Variable(pair.name, kind, step, pair)
    variable.reading = names.read(pair.name)
    if pair.raw is None:
        source = find(pair.name)
        if source is not None:
            variable.sources = (source,)
            variable.value = source.value
        return variable
    raw = unquoted(pair.raw)
    variable.rendered = raw.text
    variable.value = environment.expand(pair.raw.text)
    mentioned = words.variables(raw.text, escape) if not pair.raw.text.startswith("'") else []
    variable.sources = tuple(v for use in mentioned if (v := find(use.name)) is not None)
    if mentioned:
        _composed(variable, raw, mentioned, find)
    else:
        variable.literal = literal_of(variable.name, raw, variable.value)
    return variable


def literal_of(name: str, raw: Text, known: str = "") -> Literal | None:
    """The literal secret that a value without variables is, or that stands inside it; `known` is the value expanded."""
    value = raw.text
    inside = positions.find(value)
    if inside and values.classify(value).kind in ("reference", "encrypted", "public"):
        return None
    for found in inside:
        if tokens.is_for_browsers(found.secret_kind, name):
            return None
        if found.kind in ("token", "url", "header", "pair", "netrc") and found.level in ("secret", "weak"):
            secret = Secret(value[found.start : found.end], found.secret_kind, found.prefix)
            return Literal(secret, raw.span(found.begin, found.end), found.level, found.kind, found.name)
    if any(found.kind == "token" and found.level == "placeholder" for found in inside):
        return Literal(Secret(value, "documented"), raw.whole, "placeholder", "value", name)
    judged = values.judge(name, known or value)
    if judged.level == "none":
        return _webhook(name, raw)
    return Literal(Secret(value, judged.kind), raw.whole, judged.level, "value", name)


def _webhook(name: str, raw: Text) -> Literal | None:
    """An opaque value under a name of an address that carries its own credential (`..._WEBHOOK_URL`)."""
    reading = names.read(name)
    if reading is None or reading.kind != "credential-url" or not reading.sure:
        return None
    found = values.classify(raw.text, name)
    if found.kind == "opaque" or (found.kind == "url" and values.is_opaque(raw.text.rpartition("/")[2])):
        return Literal(Secret(raw.text, "webhook-url"), raw.whole, "secret", "value", name)
    return None


def _composed(variable: Variable, raw: Text, mentioned: list[words.VariableUse], find: Find) -> None:
    """A value made of other variables: credential positions in it, and literal defaults."""
    places = positions.find(raw.text)
    for found in places:
        span = raw.span(found.begin, found.end)
        if found.level != "variable":
            continue
        inside = [v for use in words.variables(raw.text[found.start : found.end]) if (v := find(use.name)) is not None]
        for source in inside:
            if source.inferred is None and found.kind == "url" and not source.sensitive:
                source.inferred = Inference("it is the password of a URL", span)
    variable.literal = literal_beside(variable.name, raw, mentioned, places) or _accidental(variable, raw)
    _infer_by_name(variable, raw, mentioned)


def literal_beside(
    name: str, raw: Text, mentioned: list[words.VariableUse], places: list[positions.Position] | None = None
) -> Literal | None:
    """The literal secret in a value made of variables: at a credential's place, or as a default.

    `places` are the credential positions of the text, if they are known.
    """
    literal = None
    for found in positions.find(raw.text) if places is None else places:
        if found.level in ("secret", "weak"):
            secret = Secret(raw.text[found.start : found.end], found.secret_kind, found.prefix)
            literal = Literal(secret, raw.span(found.begin, found.end), found.level, found.kind, found.name)
    return literal or _default(name, raw, mentioned)


def _accidental(variable: Variable, raw: Text) -> Literal | None:
    """A generated value with a dollar sign in it: the builder takes `$8` for a variable, and finds none."""
    if variable.sources or not values.is_opaque(variable.value):
        return None
    judged = values.judge(variable.name, variable.value)
    if judged.level != "secret":
        return None
    return Literal(Secret(raw.text, judged.kind), raw.whole, "secret", "value", variable.name)


def _infer_by_name(variable: Variable, raw: Text, mentioned: list[words.VariableUse]) -> None:
    """`ENV OPENAI_API_KEY=$LLM_ACCESS`: what becomes a secret was one before, whatever it was called."""
    reading = variable.reading
    whole = len(mentioned) == 1 and mentioned[0].start == 0 and mentioned[0].end == len(raw.text)
    if variable.kind != "environment" or reading is None or not reading.sure or not whole:
        return
    for source in variable.sources:
        if source.kind == "argument" and source.inferred is None and source.receives and not source.sensitive:
            source.inferred = Inference(f"it becomes {variable.name}", variable.pair.span)


def _default(name: str, raw: Text, mentioned: list[words.VariableUse]) -> Literal | None:
    """The literal behind `${X:-literal}`."""
    for use in mentioned:
        if use.operator not in (":-", "-") or not use.default:
            continue
        judged = values.judge(name, use.default)
        if judged.level == "none":
            judged = values.judge(use.name, use.default)
        at = raw.text.find(use.default)
        if judged.level in ("secret", "weak") and at >= 0:
            span: Span = raw.span(at, at + len(use.default))
            return Literal(Secret(use.default, judged.kind), span, judged.level, "value", name)
    return None
