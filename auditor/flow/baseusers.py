"""Base images that run as another user than root: whom a RUN runs as where no USER says it.

Known by name, from their Dockerfiles; all other images count as root's, as nearly all are.
"""

from __future__ import annotations

from auditor.core.record import NamedTuple


class BaseUser(NamedTuple):
    """A user by name or number, and its home folder."""

    user: str
    home: str


def _named(user: str) -> BaseUser:
    return BaseUser(user, f"/home/{user}")


_RED_HAT = BaseUser("default", "/opt/app-root/src")
_NONROOT = BaseUser("65532", "/home/nonroot")
#: The last two parts of an image's name; `*` for every name of that owner.
_USERS: dict[str, BaseUser] = {
    "apache/airflow": _named("airflow"),
    "apache/superset": BaseUser("superset", "/app/superset_home"),
    "jenkins/jenkins": BaseUser("jenkins", "/var/jenkins_home"),
    "jenkins/agent": _named("jenkins"),
    "jenkins/inbound-agent": _named("jenkins"),
    "cimg/*": _named("circleci"),
    "circleci/*": _named("circleci"),
    "bitnami/*": BaseUser("1001", "/"),
    "jupyter/*": _named("jovyan"),
    "gitpod/*": _named("gitpod"),
    "selenium/*": _named("seluser"),
    "mambaorg/micromamba": _named("mambauser"),
    "curlimages/curl": _named("curl_user"),
    "puppeteer/puppeteer": _named("pptruser"),
    "keycloak/keycloak": BaseUser("1000", "/opt/keycloak"),
    "jboss/keycloak": BaseUser("1000", "/opt/jboss"),
    "grafana/grafana": BaseUser("472", "/usr/share/grafana"),
    "confluentinc/*": _named("appuser"),
    "mssql/server": _named("mssql"),
    "nginxinc/nginx-unprivileged": BaseUser("nginx", "/nonexistent"),
    "actions/actions-runner": _named("runner"),
    "chainguard/*": _NONROOT,
    "elasticsearch/elasticsearch": BaseUser("elasticsearch", "/usr/share/elasticsearch"),
    "kibana/kibana": BaseUser("kibana", "/usr/share/kibana"),
    "logstash/logstash": BaseUser("logstash", "/usr/share/logstash"),
    "sonarqube": BaseUser("sonarqube", "/opt/sonarqube"),
    "odoo": BaseUser("odoo", "/var/lib/odoo"),
    "solr": BaseUser("solr", "/var/solr"),
}
#: Owners whose images for one language run as a user of their own.
_OF_RED_HAT = frozenset("ubi7 ubi8 ubi9 ubi10 rhscl".split())
_LANGUAGES = ("nodejs", "python", "ruby", "php", "go-toolset", "perl", "httpd", "nginx")


def base_user(image: str) -> BaseUser | None:
    """The user that a base image sets, as far as it is known; None for root."""
    name, _at, _digest = image.lower().partition("@")
    owner, _slash, last = name.rpartition("/")
    base, _colon, tag = last.partition(":")
    owner = owner.rpartition("/")[2]
    if "nonroot" in tag.split("-") or (owner == "chainguard" and "root" in tag.split("-")):
        return _NONROOT if "nonroot" in tag else None
    if owner in _OF_RED_HAT:
        known = BaseUser("jboss", "/home/jboss") if base.startswith("openjdk") else None
        return _RED_HAT if base.startswith(_LANGUAGES) else known
    owned = f"{owner}/{base}" if owner not in ("", "library") else base
    return _USERS.get(owned) or _USERS.get(f"{owner}/*")
