"""Fields of the credential files of services and frameworks, told by their names alone (see `fields.Field`).

What each file holds is in its program's manual: .s3cfg of s3cmd, rclone.conf, wp-config.php, and so on.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.structures.escapes import QUOTES
from auditor.detect.structures.fields import Field, element, line, member, string
from auditor.detect.structures.hints import MYSQL_CLIENT

_CREDENTIALS_XML = "com.cloudbees.plugins.credentials", "credentials.impl."

FIELDS: tuple[Field, ...] = (
    # clouds
    Field(
        "azure-cli-token",
        "Azure CLI token",
        "token",
        member("accessToken|refreshToken"),
        ("accesstokens.json",),
        ('"_clientId"', '"_authority"'),
        ('"tokenType"',),
    ),
    Field(
        "azure-cli-token",
        "Azure CLI token",
        "token",
        member("secret"),
        ("msal_token_cache.json",),
        ('"credential_type"',),
        ('"home_account_id"',),
    ),
    Field(
        "azure-client-secret",
        "Azure service principal secret",
        "token",
        member("client_secret|clientSecret"),
        ("azure-profile",),
        ('"client_secret"', '"clientSecret"'),
        ('"tenant', '"clientId"'),
    ),
    Field(
        "gcp-user-credentials",
        "Google credentials of a user",
        "token",
        member("refresh_token|client_secret"),
        (),
        ('"refresh_token"',),
        ('"client_secret"', '"client_id"'),
    ),
    Field(
        "terraform-token",
        "Terraform host token",
        "token",
        Pattern(
            r"(?s)\bcredentials[ \t]{1,9}\"[^\"\n]{1,200}\"[ \t]{0,9}\{[^{}\"]{0,400}\b(?P<name>token)[ \t]{0,20}="
            r"[ \t]{0,20}(?P<value>\"(?:[^\"\\\n]|\\.){1,1000}+\")"
        ),
        ("terraform",),
        ('credentials "',),
    ),
    Field(
        "terraform-token",
        "Terraform host token",
        "token",
        Pattern(r"\{\s{0,50}+\"(?P<name>token)\"\s{0,9}+:\s{0,9}+(?P<value>\"(?:[^\"\\\n]|\\.){1,1000}+\")"),
        ("credentials.tfrc.json",),
        ('"credentials":', '"credentials" :'),
        ('"token"',),
    ),
    Field(
        "pulumi-token",
        "Pulumi access token",
        "token",
        Pattern(
            r"(?:\"accessToken\"|\"accessTokens\"\s{0,9}+:\s{0,9}+\{\s{0,50}+\"[^\"\n]{1,200}\")\s{0,9}+:\s{0,9}+"
            r"(?P<value>\"(?:[^\"\\\n]|\\.){1,1000}+\")"
        ),
        (),
        ('"accessTokens"',),
        name="accessToken",
    ),
    # code hosts and services
    Field(
        "gh-token",
        "GitHub CLI token",
        "token",
        line("oauth_token", separator=":"),
        ("gh-hosts",),
        ("oauth_token:",),
        ("git_protocol:",),
    ),
    Field(
        "argocd-token",
        "Argo CD token",
        "token",
        line("auth-token|refresh-token", separator=":"),
        (),
        ("auth-token:",),
        ("server:",),
    ),
    Field("kaggle-key", "Kaggle API key", "token", member("key"), ("kaggle",)),
    Field("sentry-token", "Sentry CLI token", "token", line("token", separator="="), ("sentry-cli",)),
    # databases and object stores
    Field(
        "mysql-password",
        "MySQL client password",
        "password",
        line("password", separator="="),
        (".my.cnf",),
        (*MYSQL_CLIENT, "[mysql]", "[mysqldump]", "[mysqladmin]"),
        ("password",),
    ),
    Field(
        "s3cfg-secret-key",
        "s3cmd secret key",
        "token",
        line("secret_key|access_token|gpg_passphrase", separator="="),
        (".s3cfg", "s3cmd.ini"),
        ("host_bucket", "bucket_location"),
        ("secret_key",),
    ),
    Field(
        "rclone-password",
        "rclone password (obscured, not encrypted)",
        "token",
        line("pass|password2?|key_file_pass|client_secret|secret_access_key|account_key|bearer_token", separator="="),
        ("rclone.conf", ".rclone.conf"),
        ("\ntype = ",),
        ("[",),
    ),
    Field(
        "rclone-token",
        "rclone token",
        "token",
        Pattern(
            r"(?m)^token = \{[^\r\n]{0,4000}?\"(?P<name>refresh_token)\":(?P<value>\"(?:[^\"\\\r\n]|\\.){1,2000}+\")"
        ),
        ("rclone.conf", ".rclone.conf"),
        ("token = {",),
    ),
    Field(
        "boto-secret",
        "Boto or gsutil secret",
        "token",
        line("gs_secret_access_key|gs_oauth2_refresh_token", separator="="),
        (".boto",),
        ("gs_secret_access_key", "gs_oauth2_refresh_token"),
    ),
    # web frameworks
    Field(
        "wordpress-secret",
        "WordPress secret",
        "password",
        Pattern(
            r"define\(\s{0,9}['\"](?P<name>DB_PASSWORD|FTP_PASS|(?:SECURE_)?AUTH_(?:KEY|SALT)|LOGGED_IN_(?:KEY|SALT)"
            rf"|NONCE_(?:KEY|SALT)|WP_CACHE_KEY_SALT)['\"]\s{{0,9}},\s{{0,20}}{string(500)}"
        ),
        ("wp-config",),
        ("DB_PASSWORD", "AUTH_KEY", "AUTH_SALT"),
        ("define(",),
        notation=QUOTES,
    ),
    Field(
        "rails-secret-key-base",
        "Rails secret key base",
        "token",
        line("secret_key_base", separator="[:=]"),
        (),
        ("secret_key_base:", "secret_key_base ="),
    ),
    Field(
        "django-secret-key",
        "Django secret key",
        "password",
        Pattern(r"(?m)^[ \t]{0,40}(?P<name>SECRET_KEY)[ \t]{0,20}=[ \t]{0,20}(?P<value>[\"'][^\r\n]{8,500})"),
        (),
        ("SECRET_KEY",),
        ("INSTALLED_APPS",),
    ),
    Field(
        "laravel-app-key",
        "Laravel application key",
        "sure",
        Pattern(r"\b(?P<name>APP_KEY)[ \t]{0,9}[=:][ \t]{0,9}[\"']?(?P<value>base64:[A-Za-z0-9+/]{22,43}={0,2})"),
        (),
        ("base64:",),
        ("APP_KEY",),
    ),
    # Jenkins
    Field(
        "jenkins-secret",
        "Jenkins credential (decrypted with its master key)",
        "likely",
        Pattern(
            r"<(?P<name>password|passphrase|privateKey|secret|secretBytes|apiToken|clientSecret|secretKey)>\s{0,20}+"
            r"(?P<value>\{AQAA[A-Za-z0-9+/=\s]{16,8000}+\})"
        ),
        ("credentials.xml",),
        ("{AQAA",),
    ),
    Field(
        "jenkins-secret",
        "Jenkins credential in plain text",
        "password",
        element("password|passphrase|secret|apiToken|secretKey"),
        (),
        _CREDENTIALS_XML,
    ),
    # other programs
    Field(
        "mail-password",
        "mail account password",
        "password",
        Pattern(r"(?m)^[ \t]{0,20}(?P<name>password|passwd)[ \t]{1,20}(?P<value>[^\r\n]{1,500})"),
        (".msmtprc", "msmtprc"),
    ),
    Field(
        "smb-password",
        "file share password",
        "password",
        line("password", separator="="),
        (".smbcredentials",),
    ),
    Field(
        "tomcat-password",
        "Tomcat account password",
        "password",
        Pattern(r"<user\s[^<>]{0,300}?\b(?P<name>password)=(?P<value>\"[^\"\r\n]{1,300}\"|'[^'\r\n]{1,300}')"),
        ("tomcat-users",),
        ("<tomcat-users",),
    ),
)
