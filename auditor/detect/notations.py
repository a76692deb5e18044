"""How texts assign a value to a name: what stands between the two, in the notations that are in use.

Everything is read from the value to the left, on the reversed text: so each pattern is anchored where the value begins
and costs no more than what it matches.
"""

from __future__ import annotations

import re

from auditor.core.pattern import BytePattern
from auditor.core.record import NamedTuple

#: What may stand between what assigns and the value: a quote with its prefix (`b"`, `@"`, `f"`), brackets, CDATA, a
#: scheme.
_OPENS = (
    r"(?:[ ](?i:reraeb|cisab|nekot|yekipa)(?=[ \t]{1,16}[:=,])"
    r"|(?:\"{3}|'{3}|[\"'`])(?:(?:[rbfuRBFUL]{1,2}|[@$])(?![\w\"'`]))?(?:\[ATADC\[!<)?[({\[<]{0,2}"
    r"|\[ATADC\[!<|[({\[<]{0,2})"
)
#: A line break after what assigns, with YAML's marks of a block.
_BREAK = r"(?:[ \t]{0,40}\n\r?(?:[ \t]{0,4}[+-]?[|>](?![=:-]))?)?"
#: A dash only between spaces: it is also a part of names, and `->` reads a member.
_OP = r"(?P<op>>=|=:|=\?|>-(?=[ \t])|-<|={1,3}|[:,>]|-(?=[ \t])|si\b)"
#: A type between the name and the equals sign: `password: str = `, `let token: &'static str = `.
_TYPE = r"[\w<>\[\].?]{0,40}[A-Za-z>\])](?:[ ](?:tum|citats'|tsnoc))?[&*]{0,2}"
_TYPED = rf"(?P<typed>=)[ \t]{{1,4}}{_TYPE}(?:[ ]?\|[ ]?{_TYPE}){{0,2}}[ ]{{0,2}}:(?!:)"
_NAME = r"[ \t]{0,16}[\"'`\]]{0,2}(?P<name>(?:[\w.-]{0,30}[A-Za-z] ){0,3}[\w$@.-]{0,80}[A-Za-z_])"
_ASSIGNED = BytePattern(f"{_OPENS}(?:{_BREAK}[ \\t]{{0,16}}(?:{_TYPED}|{_OP}))?{_NAME}")
#: A name in one field and its value in the next: `name: X` / `value: Y`, `key="X" value="Y"`, `<key>X</key>
#: <string>Y</string>`.
_PAIRED = BytePattern(
    r"(?i)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:eulav|tluafed|lav|gnirts)[\"']?\s{0,40}[,{]?\s{0,40}[\"']?"
    r"(?P<name>[\w.-]{1,80}[A-Za-z_])[\"']?\s{0,3}[:= ]\s{0,3}[\"']?(?:eman|yek|di|elbairav)\b"
)
#: What a program takes where there is nothing else: `process.env.X || "`, `$X ??= "`, `getenv("X") ?: "`, `x.y or "`.
#: A text in quotes is a name only within brackets: `kind === "password" || "` compares.
_FALLBACK = BytePattern(
    r"(?:\"{3}|'{3}|[\"'`])\s{0,40}(?:=?(?:\|\||\?\?|:\?)|(?P<word>ro)(?=\s))\s{0,40}(?P<closed>[\])][\"'`]?)?"
    r"(?P<name>[\w$@.-]{0,80}[A-Za-z_])"
)
#: `ENV.fetch("X") { "`.
_BLOCK = BytePattern(
    r"(?:\"{3}|'{3}|[\"'`])\s{0,9}\{\s{0,9}\)[\"'](?P<name>[\w.-]{0,80}[A-Za-z_])[\"']\((?:hctef|vneteg)\b"
)
#: The default of an option, of a setting: `option("--password", type=str, help="...", default="`.
_DEFAULT = BytePattern(
    r"(?i)(?:\"{3}|'{3}|[\"'`])[ \t]{0,3}[=:][ \t]{0,3}tluafed\s{0,40},"
    r"(?:(?:[^\n,()\"'`]{0,40}|\"[^\n\"]{0,200}\"[=:]\w{1,20}\s{0,40}|'[^\n']{0,200}'[=:]\w{1,20}\s{0,40}),){0,3}"
    r"\s{0,40}[\"'`](?P<name>[\w.-]{1,80}[A-Za-z_])-{0,2}[\"'`]"
)
#: A default of a shell, or of a file with such references: `${X:-`, `${X:=`, `${x.y:`.
_EXPANSION = BytePattern(r"[=-]?:(?P<name>[\w.]{0,80}[A-Za-z_])\{\$")
_ELEMENTS = BytePattern(r"(?i)>(?:gnirts|eulav)<\s{0,60}>(?:yek|eman)/<(?P<name>[\w.-]{1,80}[A-Za-z_])>(?:yek|eman)<")
#: What stands between a name and a value that nothing assigns to it.
_APART = re.compile(r"[ \t({\[<]")


class Assignment(NamedTuple):
    """The name that a value is assigned to, and the sign that assigns it: empty if they stand side by side."""

    name: str
    op: str


def assignment(left: str) -> Assignment | None:
    """What the text before a value (its quote included) assigns the value to; None if it stands alone."""
    turned = left[::-1]
    match: re.Match[str] | None = _PAIRED.match(turned) or _ELEMENTS.match(turned)
    match = match or _BLOCK.match(turned) or _DEFAULT.match(turned) or _fallback(turned)
    if match is not None:
        return Assignment(match["name"][::-1], "=")
    match = _ASSIGNED.match(turned)
    if match is None:
        return None
    op = match["typed"] or match["op"] or ""
    if not op and turned[match.end("name") : match.end("name") + 1] == "/":
        return None  # the end of a path, which a list of digests has before every value
    if not op and not _APART.search(turned, 0, match.start("name")):
        return None  # a quoted text right behind another: the first is no name, it is a part of the value
    return Assignment(match["name"][::-1], op[::-1])


def _fallback(turned: str) -> re.Match[str] | None:
    match: re.Match[str] | None = _FALLBACK.match(turned)
    if (
        match is not None
        and match["word"]
        and not match["closed"]
        and match["name"].isalpha()
        and match["name"].islower()
    ):
        return None  # `the password or "..."`
    return match


def expansion(left: str) -> str:
    """The name of the reference whose default begins where this text ends: `DB_PASSWORD` in `${DB_PASSWORD:-`; ""."""
    match = _EXPANSION.match(left[::-1]) if "${" in left else None
    return match["name"][::-1] if match is not None else ""
