from __future__ import annotations

import json

import pytest

from tests.detect.structures.samples import AWS, HEX, Case, T, V, b64, found

SALT = "k}8#x;Q@v2!Lr0^mZ&dT5*pWf$7uYb(N"
NOTE = "put your unique phrase here"
BOX = "{AQAA" + b64(V * 4) + "}"

CASES: list[Case] = [
    # Azure, Google
    (
        ".azure/accessTokens.json",
        json.dumps([{"tokenType": "Bearer", "_clientId": "c", "accessToken": f"ey{T}", "refreshToken": T}]),
        [("azure-cli-token", f"ey{T}"), ("azure-cli-token", T)],
    ),
    (
        "x",
        json.dumps({"RefreshToken": {"k": {"credential_type": "RefreshToken", "home_account_id": "i", "secret": T}}}),
        [("azure-cli-token", T)],
    ),
    (".azure/azureProfile.json", '{"subscriptions": [{"user": {"name": "a@b.example"}, "tenantId": "x"}]}', []),
    ("msal_token_cache.json", '{"RefreshToken": {}}', []),
    ("api.json", '{"tokenType": "Bearer", "accessToken": "string"}', []),
    (
        "application_default_credentials.json",
        json.dumps({"client_id": "1.apps", "client_secret": T, "refresh_token": f"1//{T}", "type": "authorized_user"}),
        [("gcp-user-credentials", T), ("gcp-user-credentials", f"1//{T}")],
    ),
    (
        "a",
        f'{{"client_id":"1","client_secret":"{T}","refresh_token":"{T}x"}}',
        [("gcp-user-credentials", T), ("gcp-user-credentials", f"{T}x")],
    ),
    ("doc.json", '{"client_id": "string", "client_secret": "string", "refresh_token": "string"}', []),
    ("a.json", '{"client_id": "1", "refresh_token": null}', []),
    ("a.json", '{"client_id": "x", "client_secret": "${S}", "refresh_token": "${R}"}', []),
    # Terraform, Pulumi, Argo CD, GitHub
    (".terraformrc", f'credentials "tf.example" {{\n  token = "{T}"\n}}\n', [("terraform-token", T)]),
    ("credentials.tfrc.json", f'{{"credentials": {{"tf.example": {{"token": "{T}"}}}}}}', [("terraform-token", T)]),
    (".terraformrc", 'plugin_cache_dir = "/x"\ndisable_checkpoint = true\n', []),
    (".terraformrc", 'credentials_helper "x" {\n args = []\n}\n', []),
    ("credentials.tfrc.json", f'{{"credentials": {{"h": {{"token": "a\\/{T}"}}}}}}', [("terraform-token", f"a/{T}")]),
    ("credentials.tfrc.json", '{"credentials": {}}', []),
    ("p", f'{{"current": "x", "accessTokens": {{"https://p.example": "{T}"}}}}', [("pulumi-token", T)]),
    (
        "credentials.json",
        f'{{"accessTokens": {{}}, "accounts": {{"u": {{"accessToken": "{T}"}}}}}}',
        [("pulumi-token", T)],
    ),
    ("x", '{"accessTokens": {}, "accounts": {}}', []),
    ("x", '{"accessTokens": ["a", "b"]}', []),
    ("x.json", '{"accessTokens": {"description": "tokens"}}', []),
    ("argocd/config", f"servers:\n- server: a.example\nusers:\n- auth-token: {T}\n  name: a", [("argocd-token", T)]),
    ("x", f"server: a\nauth-token: {T}\nrefresh-token: {V}{V}\n", [("argocd-token", T), ("argocd-token", f"{V}{V}")]),
    ("x", "server: a\nauth-token: $TOKEN\n", []),
    ("x", "server: a\nauth-token: ''\n", []),
    ("x.md", "auth-token: the token of the server: see below", []),
    (".config/gh/hosts.yml", f"git.example:\n    oauth_token: {T}\n    user: me\n", [("gh-token", T)]),
    ("h", f"git.example:\n- user: me\n  oauth_token: {T}\n  git_protocol: ssh\n", [("gh-token", T)]),
    ("hosts.yml", "git.example:\n    user: me\n    git_protocol: ssh\n", []),
    ("x.yml", "oauth_token: ${TOKEN}\n", []),
    ("x.yml", "oauth_token: string\n", []),
    ("x.py", "token = {\n  'oauth_token': 'kjerht2309uz'}\n", []),
    # databases, object stores
    (".my.cnf", f"[client]\nuser=root\npassword='{V}#1'\n", [("mysql-password", f"{V}#1")]),
    ("x", f"[mysqldump]\npassword = {V}\n", [("mysql-password", V)]),
    ("my.cnf", "[client]\nport=3306\nsocket=/run/mysqld.sock\n", []),
    ("my.cnf", "[client]\n#password=x\n", []),
    (".my.cnf", "[client]\npassword=$MYSQL_PASSWORD\n", []),
    (".s3cfg", f"[default]\naccess_key = x\nsecret_key = {AWS}\n", [("s3cfg-secret-key", AWS)]),
    ("x", f"host_bucket = b.example\nsecret_key = {AWS}\n", [("s3cfg-secret-key", AWS)]),
    (".s3cfg", "[default]\nsecret_key = \nbucket_location = US\n", []),
    (".s3cfg", "[default]\nsecret_key = ${SECRET}\n", []),
    ("app.py", "secret_key = generate()\nhost_bucket = 1\n", []),
    ("rclone.conf", f"[r]\ntype = sftp\npass = {T}\n", [("rclone-password", T)]),
    ("x", f"[r]\ntype = s3\nsecret_access_key = {AWS}\n", [("rclone-password", AWS)]),
    ("rclone.conf", "[r]\ntype = sftp\nhost = h.example\nkey_file = ~/.ssh/id\n", []),
    ("rclone.conf", "[r]\ntype = sftp\npass = ${P}\n", []),
    ("x", "[a]\ntype = int\npassword = required\n", []),
    (".boto", f"[Credentials]\ngs_oauth2_refresh_token = 1//{T}\n", [("boto-secret", f"1//{T}")]),
    ("x", f"[Credentials]\ngs_secret_access_key = {AWS}\n", [("boto-secret", AWS)]),
    (".boto", "[Boto]\nhttps_validate_certificates = True\n", []),
    (".boto", "# gs_secret_access_key = <your key>\n", []),
    (".boto", "gs_secret_access_key = <your key>\n", []),
    # web frameworks
    ("wp-config.php", f"define( 'DB_PASSWORD', '{V}' );\ndefine('DB_USER', 'wp');", [("wordpress-secret", V)]),
    (
        "x",
        f"define('AUTH_KEY', '{SALT}');\ndefine(\"DB_PASSWORD\", \"{V}\");",
        [("wordpress-secret", SALT), ("wordpress-secret", V)],
    ),
    ("wp-config.php", f"define('DB_PASSWORD', 'a\\'{V}');", [("wordpress-secret", f"a'{V}")]),
    ("wp-config.php", f"define('DB_PASSWORD', 'a\"{V}');", [("wordpress-secret", f'a"{V}')]),
    ("wp-config.php", "define('DB_PASSWORD', getenv('X'));", []),
    ("wp-config-docker.php", "define('DB_PASSWORD', getenv_docker('DB_PASSWORD', ''));", []),
    ("wp-config.php", "define('DB_PASSWORD', '');", []),
    ("config/secrets.yml", f"production:\n  secret_key_base: {HEX * 4}\n", [("rails-secret-key-base", HEX * 4)]),
    ("x.rb", f"config.x\nsecret_key_base = '{HEX}'\n", [("rails-secret-key-base", HEX)]),
    ("x.yml", 'secret_key_base: <%= ENV["SECRET_KEY_BASE"] %>\n', []),
    ("x.yml", "secret_key_base:\n", []),
    ("x.rb", "secret_key_base = ENV.fetch('SECRET_KEY_BASE')\n", []),
    ("settings.py", f"SECRET_KEY = '{SALT}'\nINSTALLED_APPS = []\n", [("django-secret-key", SALT)]),
    ("x", f'INSTALLED_APPS = ()\nSECRET_KEY = "{T}"\n', [("django-secret-key", T)]),
    ("settings.py", "SECRET_KEY = os.environ['SECRET_KEY']\nINSTALLED_APPS = []\n", []),
    ("settings.py", "SECRET_KEY = ''\nINSTALLED_APPS = []\n", []),
    ("settings.py", "SECRET_KEY = '{{ secret_key }}'\nINSTALLED_APPS = []\n", []),
    ("x", f"APP_KEY=base64:{b64(V * 2 + 'x' * 8)}\n", [("laravel-app-key", f"base64:{b64(V * 2 + 'x' * 8)}")]),
    ("a.yml", f"  APP_KEY: base64:{b64(V * 2)}\n", [("laravel-app-key", f"base64:{b64(V * 2)}")]),
    ("x", "APP_KEY=\n", []),
    ("x", "APP_KEY=base64:\n", []),
    ("x", "APP_KEY=base64:${KEY}\n", []),
    # Jenkins, Tomcat, shares
    ("credentials.xml", f"<c><password>{BOX}</password></c>", [("jenkins-secret", BOX)]),
    (
        "x",
        f"<a plugin='plugins.credentials'><com.cloudbees.plugins.credentials.X><password>{V}</password>",
        [("jenkins-secret", V)],
    ),
    ("credentials.xml", "<c><password></password><username>u</username></c>", []),
    ("x.xml", "<password>{AQAA}</password>", []),
    ("job.xml", "<secret>${params.X}</secret> credentials.impl.", []),
    ("tomcat-users.xml", f'<user username="a" password="{V}" roles="x"/>', [("tomcat-password", V)]),
    (".smbcredentials", f"username=u\npassword={V}\n", [("smb-password", V)]),
    (".msmtprc", f"account a\npassword {V}\n", [("mail-password", V)]),
    ("kaggle.json", f'{{"username":"u","key":"{HEX}"}}', [("kaggle-key", HEX)]),
    (".sentryclirc", f"[auth]\ntoken={HEX}{HEX}\n", [("sentry-token", HEX * 2)]),
    ("tomcat-users.xml", '<user username="a" password="" roles="x"/>', []),
    (".smbcredentials", "username=u\n", []),
    (".msmtprc", "account a\npasswordeval pass show mail\n", []),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_services(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, path) == expected
