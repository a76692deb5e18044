"""Image references and platforms as registries spell them. Knows no Dockerfile."""

from __future__ import annotations

from auditor.core.pattern import Pattern

_HEX_ID = Pattern(r"[a-f0-9]{64}\Z")
_DOMAIN_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*+(?<=[a-zA-Z0-9]))?"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_PART = r"[a-z0-9]++(?:(?:[._]|__|-++)[a-z0-9]++)*"
_REFERENCE = Pattern(
    rf"(?:{_DOMAIN}/)?(?P<path>{_PATH_PART}(?:/{_PATH_PART})*)(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@(?P<algorithm>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*):(?P<digest>[0-9a-fA-F]{32,}))?\Z"
)
_SYSTEM = Pattern(r"([A-Za-z0-9_-]+)(?:\([A-Za-z0-9_.%-]*(?:\+[A-Za-z0-9_.%-]+)*\))?\Z")
_PLATFORM_PART = Pattern(r"[A-Za-z0-9_.-]+\Z")
_SYSTEMS = frozenset(
    (
        *("aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "macos", "nacl"),
        *("netbsd", "openbsd", "plan9", "solaris", "windows", "zos"),
    )
)
_ARCHITECTURES = frozenset(
    (
        *("386", "aarch64", "amd64", "amd64p32", "arm", "arm64", "arm64be", "armbe", "armel", "armhf", "i386"),
        *("loong64", "mips", "mips64", "mips64le", "mips64p32", "mips64p32le", "mipsle", "ppc", "ppc64", "ppc64le"),
        *("riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm", "x86-64", "x86_64"),
    )
)
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
#: Stands for the one that short names mean.
_DEFAULT_REGISTRY = "default"
_LONGEST = 4096
_LONGEST_PATH = 255


def reference_error(name: str) -> str:
    """Why an image name is no valid reference ("" where it is)."""
    if _HEX_ID.match(name):
        return f"invalid repository name ({name}), cannot specify 64-byte hexadecimal strings"
    if len(name) > _LONGEST:
        return "invalid reference format"
    domain, remainder = _split_domain(name)
    path = remainder.partition(":")[0]
    if path.lower() != path:
        return f"invalid reference format: repository name ({path}) must be lowercase"
    match = _REFERENCE.match(f"{domain}/{remainder}")
    if match is None:
        return "invalid reference format"
    if len(match.group("path")) > _LONGEST_PATH:
        return f"repository name must not be more than {_LONGEST_PATH} characters"
    return _digest_error(match.group("algorithm"), match.group("digest"))


def _digest_error(algorithm: str | None, digest: str | None) -> str:
    if algorithm is None or digest is None:
        return ""
    length = _DIGEST_LENGTHS.get(algorithm)
    if length is None:
        return "unsupported digest algorithm"
    if len(digest) != length:
        return "invalid checksum digest length"
    return "" if digest.lower() == digest else "invalid checksum digest format"


def _split_domain(name: str) -> tuple[str, str]:
    """Registry and the rest; a first part is a registry where it has a dot, a colon or a capital."""
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or any(c in first for c in ".:") or first.lower() != first):
        return first, rest
    return _DEFAULT_REGISTRY, name if slash else f"library/{name}"


def platform_error(platform: str) -> str:
    """Why `--platform` cannot name this ("" where it can): a system, an architecture, or os/arch[/variant]."""
    system, *rest = platform.split("/", 3)
    match = _SYSTEM.match(system)
    if match is None or len(rest) > 2 or not all(_PLATFORM_PART.match(part) for part in rest):
        return f'"{platform}": cannot parse platform specifier'
    if not rest and match.group(1).lower() not in _SYSTEMS and system.lower() not in _ARCHITECTURES:
        return f'"{platform}": unknown operating system or architecture'
    return ""
