"""Which RUN instructions may read a secret that no word of theirs names: tools read variables and files unasked."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.script import acting

if TYPE_CHECKING:
    from auditor.flow.facts import Run

#: Programs that read neither credentials of others nor variables that hold one.
_INERT = frozenset(
    "[ [[ : add-apt-repository addgroup adduser apk apt apt-get apt-key arch awk basename cat cd chgrp chmod chown "
    "clear command cp cut date debconf-set-selections delgroup deluser df dirname dnf dpkg dpkg-reconfigure du echo "
    "egrep exit export false fc-cache find freetds getent grep groupadd groupdel groupmod gunzip gzip head hostname id "
    "install ldconfig ln locale-gen ls md5sum microdnf mkdir mkfifo mktemp mv nproc pacman passwd popd printf ps "
    "pushd pwd readlink realpath return rm rmdir rpm sed set sha1sum sha256sum sha512sum sleep sort source ssh-keyscan "
    "stat strip sync tail tar tee test touch tr trap true type uname uniq umask unset unzip update-alternatives "
    "update-ca-certificates useradd userdel usermod wc which whoami xargs xz yum zypper localedef chpasswd ssh-keygen "
    "a2enmod a2dismod a2ensite phpenmod docker-php-ext-install docker-php-ext-configure docker-php-ext-enable nginx "
    "setcap chsh bzip2 zip unxz cmp diff expr let local read shift declare".split()
)
_GIT = frozenset("git ssh scp sftp rsync git-lfs svn hg".split())
_NODE = frozenset("npm npx yarn pnpm pnpx bun bunx corepack node lerna nx turbo ng grunt gulp vite webpack".split())
_PYTHON = frozenset("pip pip3 python python2 python3 uv uvx poetry pipenv pdm hatch tox nox conda mamba twine".split())
_GO = frozenset("go".split())
_RUBY = frozenset("bundle bundler gem rake rails ruby".split())
_PHP = frozenset("composer php pecl pear".split())
_JVM = frozenset("mvn mvnw gradle gradlew sbt ant lein java javac".split())
_RUST = frozenset("cargo rustup rustc".split())
_DOTNET = frozenset("dotnet nuget msbuild paket".split())
_CLOUD = frozenset("aws gcloud gsutil bq az terraform kubectl helm pulumi sam cdk eksctl".split())
_FETCH = frozenset("curl wget http aria2c".split())
#: What compiles without fetching anything. A Makefile may do whatever it likes.
_COMPILERS = frozenset("cmake gcc g++ cc clang ninja meson autoconf automake configure ld".split())
_DOCKER = frozenset("docker podman buildah skopeo crane".split())
_FAMILIES = (_GIT, _NODE, _PYTHON, _GO, _RUBY, _PHP, _JVM, _RUST, _DOTNET, _CLOUD, _FETCH, _DOCKER)
_TOOLS = frozenset().union(*_FAMILIES)
#: Tools that hand the work on to git or ssh.
_THROUGH_GIT = _GIT | _NODE | _PYTHON | _GO | _RUBY | _PHP | _RUST
#: Kind of credential file (`rules/files/`) -> the tools that look for it by themselves.
_READERS_OF_KIND = {
    "npmrc": _NODE, "yarnrc": _NODE, "pypirc": _PYTHON, "pip-conf": _PYTHON, "netrc": _THROUGH_GIT | _FETCH,
    "git-credentials": _THROUGH_GIT, "gitconfig": _THROUGH_GIT, "ssh-key": _THROUGH_GIT, "ssh-config": _THROUGH_GIT,
    "maven-settings": _JVM, "gradle-properties": _JVM, "nuget-config": _DOTNET, "bundle-config": _RUBY,
    "composer-auth": _PHP, "cargo-credentials": _RUST, "gem-credentials": _RUBY, "aws-credentials": _CLOUD | _PYTHON
    | _NODE | _GO | _JVM, "docker-config": _DOCKER, "kubeconfig": _CLOUD,
    "hugging-face-token": _PYTHON, "kaggle": _PYTHON, "sentry-cli": _NODE | frozenset({"sentry-cli"}),
    "gh-hosts": frozenset({"gh"}), "terraform": frozenset({"terraform", "tofu", "terragrunt"}),
    "apt-auth": frozenset({"apt", "apt-get", "aptitude"}), "yum-auth": frozenset("yum dnf microdnf zypper".split()),
    "gcp-key": _CLOUD | _PYTHON | _NODE | _GO | _JVM, "azure-profile": _CLOUD,
    "keeper-config": _PYTHON | _NODE | _GO | _JVM | frozenset({"ksm"}), "vault-token": frozenset({"vault"}),
    "ejson-key": frozenset({"ejson"}), "dotenv-keys": _NODE | frozenset({"dotenvx"}),
    "sops-age-key": frozenset({"sops"}), "op-config": frozenset({"op"}), "doppler-config": frozenset({"doppler"}),
    "infisical-config": frozenset({"infisical"}),
}  # fmt: skip
#: Package managers of systems. They need no credential of others, but reach their hosts through a proxy.
_SYSTEM = frozenset("add-apt-repository apk apt apt-get aptitude dnf microdnf pacman yum zypper".split())
#: Beginning of a variable's name -> the tools that take it from the environment, through whatever they run.
_READERS_OF_NAME = (
    (("NPM_", "NODE_AUTH", "YARN_", "PNPM_"), _NODE),
    (("PIP_", "UV_", "POETRY_", "TWINE_", "PIPENV_"), _PYTHON),
    (("BUNDLE_", "GEM_"), _RUBY),
    (("COMPOSER_",), _PHP),
    (("CARGO_",), _RUST),
    (("NUGET_", "VSS_NUGET"), _DOTNET),
    (("AWS_",), _CLOUD | _PYTHON | _NODE | _GO | _JVM),
    (("GIT_", "GITHUB_", "GITLAB_", "GH_", "GL_"), _THROUGH_GIT | frozenset({"gh", "glab"}) | _FETCH),
    (("MAVEN_", "GRADLE_"), _JVM),
    (("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY"), _TOOLS | _SYSTEM),
)


def readers_of_file(kind: str) -> frozenset[str] | None:
    """The tools that look for a kind of credential file; None where any program may."""
    return _READERS_OF_KIND.get(kind)


def readers_of_variable(name: str) -> frozenset[str] | None:
    """The tools that take a variable of this name from their environment; None where any program may."""
    upper = name.upper()
    for beginnings, tools in _READERS_OF_NAME:
        if upper.startswith(beginnings):
            return tools
    return None


def relatives(program: str) -> frozenset[str]:
    """The tools that read what a program keeps for itself: those of its own ecosystem."""
    return next((family for family in _FAMILIES if program in family), frozenset()) | {program}


def may_read(name: str, tools: frozenset[str] | None) -> bool:
    """Whether a program may read the secret on its own: one of the tools, or one that nobody knows (a script)."""
    if tools is not None and name in tools:
        return True
    if not name or name in _INERT:
        return False
    return tools is None or not (name in _TOOLS or name in _COMPILERS)


def runs_reader(run: Run, tools: frozenset[str] | None) -> bool:
    """Whether a RUN has a command that may read the secret on its own."""
    node = run.step.instruction
    if node.json:
        first = node.words[0].text.rpartition("/")[2].lower() if node.words else ""
        return may_read(first, tools)
    if run.step.dialect != "posix":
        return True
    return any(may_read(each.name, tools) for each in acting(run))


def mentions(run: Run, name: str) -> list[int]:
    """Where a RUN's command line and heredocs have a variable's name as a word: offsets in the file."""
    node = run.step.instruction
    found: list[int] = []
    for text in (node.body, *(heredoc.body for heredoc in node.heredocs)):
        at = text.text.find(name)
        while at >= 0:
            before, after = text.text[max(at - 1, 0) : at], text.text[at + len(name) : at + len(name) + 1]
            if not _is_word(before) and not _is_word(after):
                found.append(text.source(at))
            at = text.text.find(name, at + 1)
    return found


def _is_word(char: str) -> bool:
    return bool(char) and (char == "_" or char.isalnum())
