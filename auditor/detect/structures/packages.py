"""Fields of the credential files of package managers, told by their names alone (see `fields.Field`).

What each file holds is in its program's manual: npm config, settings.xml of Maven, auth.json of Composer, and so on.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.structures.fields import Field, element, line, member

_MAVEN = "<settings", "<server>", "<settingsSecurity"
_NPM_SCOPE = r"(?://[^\s=:]{1,200}(?::[0-9]{1,5}[^\s=:]{0,200})?:)?"

FIELDS: tuple[Field, ...] = (
    # npm and Yarn
    Field(
        "npmrc-token",
        "npm registry token",
        "token",
        line("_authToken", separator="=", before=_NPM_SCOPE),
        ("npmrc",),
        ("_authToken",),
    ),
    Field(
        "npmrc-token",
        "npm registry token",
        "token",
        Pattern(r"(?<=[\s\"']//)[^\s=\"']{1,200}:(?P<name>_authToken)=(?P<value>[^\s\"'$]{8,1000})"),
        (),
        (":_authToken=",),
    ),
    Field(
        "npmrc-auth",
        "npm registry login",
        "password",
        line("_auth", separator="=", before=_NPM_SCOPE),
        ("npmrc",),
        # Put together, so that an image with this file in it has no login.
        tuple(f"{lead}_auth{gap}=" for lead in ":\n" for gap in ("", " ")),
        verifier="npmrc-auth",
    ),
    Field(
        "npmrc-password",
        "npm registry password",
        "password",
        line("_password", separator="=", before=_NPM_SCOPE),
        ("npmrc",),
        (":_password", "\n_password"),
    ),
    Field(
        "yarn-token",
        "Yarn registry token",
        "token",
        line("npmAuthToken", separator=":"),
        ("yarnrc",),
        ("npmAuthToken",),
    ),
    Field(
        "yarn-login",
        "Yarn registry login",
        "password",
        line("npmAuthIdent", separator=":"),
        ("yarnrc",),
        ("npmAuthIdent",),
    ),
    # Python
    Field(
        "pypirc-password",
        "package index password",
        "password",
        line("password"),
        ("pypirc",),
        ("[distutils]", "[pypi]", "[testpypi]"),
        ("password",),
    ),
    # Java
    Field(
        "maven-password",
        "Maven server password",
        "password",
        element("password|passphrase|privateKey"),
        ("maven-settings",),
        _MAVEN,
        ("</",),
    ),
    Field(
        "maven-master-password",
        "Maven master password (anybody can decrypt it)",
        "likely",
        Pattern(r"<(?P<name>master)>\s{0,20}+(?P<value>\{[A-Za-z0-9+/=]{16,500}\})\s{0,20}</"),
        ("settings-security.xml",),
        ("<settingsSecurity",),
    ),
    Field(
        "gradle-password",
        "Gradle signing password",
        "password",
        line(r"signing\.(?:gnupg\.)?(?:password|passphrase)|systemProp\.https?\.proxyPassword", separator="[=:]"),
        ("gradle-properties", "gradle.properties"),
        ("signing.password", "signing.gnupg.passphrase", ".proxyPassword"),
    ),
    Field(
        "nuget-password",
        "NuGet source password",
        "password",
        Pattern(
            r"(?i)key=[\"'](?P<name>ClearTextPassword)[\"']\s{1,9}value="
            r"(?P<value>\"[^\"\r\n]{1,1000}\"|'[^'\r\n]{1,1000}')"
        ),
        ("nuget-config",),
        ("ClearTextPassword",),
    ),
    # packages
    Field(
        "cargo-token",
        "Cargo registry token",
        "token",
        Pattern(
            r"(?m)^\[registr[^\]\n]{1,100}\][^\[]{0,400}?^[ \t]{0,9}(?P<name>token)[ \t]{0,20}="
            r"[ \t]{0,20}[\"'](?:Bearer )?(?P<exact>[^\"'\r\n]{1,1000})"
        ),
        ("cargo-credentials",),
        ("[registry]", "[registries."),
        ("token",),
    ),
    Field(
        "gem-key",
        "RubyGems API key",
        "token",
        line(r":[a-z_]{1,60}", separator=":[ ]"),
        ("gem-credentials",),
        (":rubygems_api_key:",),
    ),
    Field(
        "bundle-login",
        "Bundler login for a gem host",
        "password",
        line(r"BUNDLE_[A-Z0-9_]{1,100}__[A-Z0-9_]{2,60}", separator=":"),
        ("bundle-config",),
    ),
    Field(
        "composer-token",
        "Composer token",
        "token",
        Pattern(
            r"\"(?P<name>github-oauth|gitlab-oauth|gitlab-token|bearer)\"\s{0,20}+:\s{0,20}+\{\s{0,50}+\"[^\"\n]{1,200}\"\s{0,20}+:\s{0,20}+"
            r"(?P<value>\"(?:[^\"\\\n]|\\.){1,1000}+\")"
        ),
        ("composer-auth",),
        ('"github-oauth"', '"gitlab-oauth"', '"gitlab-token"', '"bearer"'),
    ),
    Field(
        "composer-password",
        "Composer password",
        "password",
        member("password|consumer-secret"),
        ("composer-auth",),
        ('"http-basic"', '"bitbucket-oauth"'),
    ),
)
