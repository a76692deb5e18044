from __future__ import annotations

import pytest

from tests.detect.structures.samples import Case, T, V, b64, found

LOGIN = b64(f"ci:{V}")

CASES: list[Case] = [
    # npm
    (".npmrc", f"registry=https://npm.example/\n//npm.example/:_authToken={T}\n", [("npmrc-token", T)]),
    ("renamed", f"always-auth=true\r\n//npm.example:8443/x/:_authToken = {T}\r\n", [("npmrc-token", T)]),
    ("", f'RUN echo "//npm.example/:_authToken={T}" > x', [("npmrc-token", T)]),
    (".npmrc", f"_auth={LOGIN}\nemail=a@b.example", [("npmrc-auth", LOGIN)]),
    ("x", f"//npm.example/:_auth={LOGIN}\n", [("npmrc-auth", LOGIN)]),
    (".npmrc", f'//npm.example/:_password="{b64(V)}"\n', [("npmrc-password", b64(V))]),
    (".npmrc", "//npm.example/:_authToken=${NPM_TOKEN}\n", []),
    (".npmrc", "//npm.example/:_authToken=\nalways-auth=true\n", []),
    ("npm.js", "const key = `//${host}/:_authToken=${token}`;", []),
    ("readme.md", "set //npm.example/:_authToken=YOUR_TOKEN in .npmrc", []),
    (".yarnrc.yml", f'npmAuthToken: "{T}"\n', [("yarn-token", T)]),
    ("y", f"npmScopes:\n  x:\n    npmAuthIdent: ci:{V}\n", [("yarn-login", f"ci:{V}")]),
    (".yarnrc.yml", "npmAuthToken: ${NPM_TOKEN}\nnpmAuthIdent: ''\n", []),
    (".yarnrc.yml", "npmAlwaysAuth: true\n", []),
    ("a.js", "const npmAuthToken = readToken();", []),
    # Python
    (".pypirc", f"[pypi]\nusername = me\npassword = {V}\n", [("pypirc-password", V)]),
    ("x", f"[distutils]\nindex-servers = x\n[x]\npassword: {V}%1\n", [("pypirc-password", f"{V}%1")]),
    (".pypirc", "[distutils]\nindex-servers = pypi\n", []),
    (".pypirc", "[pypi]\npassword = ${TWINE_PASSWORD}\n", []),
    (".pypirc", "[pypi]\nusername = __token__\npassword =\n", []),
    ("pip.conf", f"[global]\nindex-url = https://ci:{V}@pip.example/simple\n", [("pip-index-password", V)]),
    ("", f"--extra-index-url https://ci:{V}@pip.example/simple\nrequests\n", [("pip-index-password", V)]),
    ("pip.conf", "[global]\nindex-url = https://pip.example/simple\n", []),
    ("pip.conf", "[global]\nindex-url = https://ci:${PIP_PASSWORD}@pip.example/simple\n", []),
    ("pip.conf", "[global]\nindex-url = https://ci@pip.example/simple\n", []),
    # Maven, Gradle, NuGet
    ("settings.xml", f"<server><id>x</id><password>{V}</password></server>", [("maven-password", V)]),
    ("m.txt", f"<settings>\n<servers><server>\n<passphrase>\n {V}\n</passphrase>", [("maven-password", V)]),
    ("settings.xml", f"<server><password><![CDATA[{V}<]a]]></password></server>", [("maven-password", f"{V}<]a")]),
    ("settings.xml", "<server><password><![CDATA[${env.PASSWORD}]]></password></server>", []),
    ("settings.xml", "<server><password><![CDATA[{COQLCE6DU6GtcS5P=}]]></password></server>", []),
    ("settings.xml", "<server><password>{COQLCE6DU6GtcS5P=}</password></server>", []),
    ("settings.xml", "<server><password>${env.MAVEN_PASSWORD}</password></server>", []),
    ("settings.xml", "<server><privateKey>${user.home}/.ssh/id_rsa</privateKey></server>", []),
    ("settings.xml", "<server><privateKey>/root/.ssh/id_rsa</privateKey><password/></server>", []),
    ("settings.xml", "<server><!-- <password>repopwd</password> --></server>", []),
    (
        "settings-security.xml",
        f"<settingsSecurity><master>{{{b64(V + V)}}}</master></settingsSecurity>",
        [("maven-master-password", f"{{{b64(V + V)}}}")],
    ),
    ("settings-security.xml", "<settingsSecurity><relocation>/x</relocation></settingsSecurity>", []),
    ("home/.gradle/gradle.properties", f"org.gradle.jvmargs=-Xmx2g\nnexusPassword={V}\n", [("properties-secret", V)]),
    ("x", f"signing.keyId=24875D73\nsigning.password={V}\n", [("gradle-password", V)]),
    ("gradle.properties", "signing.password=${PASS}\nsigning.keyId=24875D73\n", []),
    ("gradle.properties", "org.gradle.daemon=true\nversion=1.2.3\n", []),
    ("gradle.properties", "signing.secretKeyRingFile=/root/.gnupg/secring.gpg\n", []),
    ("NuGet.Config", f'<add key="ClearTextPassword" value="{V}" />', [("nuget-password", V)]),
    ("x.xml", f"<add key='cleartextpassword' value='{V}'/> ClearTextPassword", [("nuget-password", V)]),
    ("nuget.config", '<add key="ClearTextPassword" value="%NUGET_TOKEN%" />', []),
    ("nuget.config", '<add key="Password" value="AQAAANCMnd8BFdERjHoAwE/Cl" />', []),
    ("nuget.config", '<add key="nuget" value="https://nuget.example/v3/index.json" />', []),
    # Cargo, RubyGems, Bundler, Composer
    (".cargo/credentials.toml", f'[registry]\ntoken = "{T}"\n', [("cargo-token", T)]),
    ("c", f'[registries.mine]\nindex = "x"\ntoken = "Bearer {T}"\n', [("cargo-token", T)]),
    (".cargo/credentials.toml", '[registry]\ntoken = ""\n', []),
    ("Cargo.toml", '[package]\nname = "token"\n[registry]\n', []),
    (".cargo/config.toml", '[registries.mine]\nindex = "https://x.example"\ncredential-provider = "cargo:token"', []),
    (".gem/credentials", f"---\n:rubygems_api_key: {T}\n:other: {T}x\n", [("gem-key", T), ("gem-key", f"{T}x")]),
    ("g", f":rubygems_api_key: {T}\n", [("gem-key", T)]),
    (".gem/credentials", "---\n:rubygems_api_key: <%= ENV['KEY'] %>\n", []),
    (".gem/credentials", "---\n", []),
    ("Rakefile.rb", "key = config[:rubygems_api_key]", []),
    (".bundle/config", f'---\nBUNDLE_GEMS__H__EXAMPLE: "u:{V}"\n', [("bundle-login", f"u:{V}")]),
    (".bundle/config", f"BUNDLE_H__EXAMPLE: {T}\n", [("bundle-login", T)]),
    (".bundle/config", 'BUNDLE_PATH: "vendor/bundle"\nBUNDLE_WITHOUT: "test"\n', []),
    (".bundle/config", 'BUNDLE_BUILD__NOKOGIRI: "${FLAGS}"\n', []),
    (".bundle/config", "BUNDLE_DEPLOYMENT__X: true\n", []),
    ("composer/auth.json", f'{{"github-oauth": {{"git.example": "{T}"}}}}', [("composer-token", T)]),
    ("x", f'{{"http-basic":{{"h.example":{{"username":"u","password":"{V}"}}}}}}', [("composer-password", V)]),
    ("auth.json", '{"github-oauth": {}, "http-basic": {}}', []),
    ("auth.json", '{"github-oauth": {"git.example": "${GITHUB_TOKEN}"}}', []),
    ("composer.json", '{"config": {"github-protocols": ["https"]}}', []),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_package_managers(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, path) == expected
