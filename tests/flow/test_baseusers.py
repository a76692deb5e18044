"""Whom a RUN runs as where its base image says so."""

from __future__ import annotations

import pytest

from auditor.flow.baseusers import base_user
from tests.fixes.fixing import fixed


@pytest.mark.parametrize(
    ("image", "user"),
    [
        ("apache/airflow:2.9.1-python3.11", "airflow"),
        ("docker.example/apache/airflow@sha256:" + "0" * 64, "airflow"),
        ("cimg/node:20.1", "circleci"),
        ("registry.example/ubi9/nodejs-20:1", "default"),
        ("registry.example/ubi8/openjdk-17", "jboss"),
        ("registry.example/ubi9/ubi-minimal", ""),
        ("gcr.example/distroless/python3-debian12:nonroot", "65532"),
        ("gcr.example/distroless/python3-debian12:debug-nonroot", "65532"),
        ("cgr.example/chainguard/python:latest-dev", "65532"),
        ("solr:9", "solr"),
        ("library/solr", "solr"),
        ("someone/solr", ""),
        ("node:20", ""),
        ("debian", ""),
        ("", ""),
        ("${BASE}", ""),
    ],
)
def test_users(image: str, user: str) -> None:
    found = base_user(image)
    assert (found.user if found is not None else "") == user


def test_its_run_can_read_the_secret() -> None:
    text = "FROM apache/airflow:2.9 AS a\nARG REG_TOKEN\nRUN x $REG_TOKEN\nFROM a\nARG REG_TOKEN\nRUN y $REG_TOKEN\n"
    assert fixed(text).text.count("id=reg_token,mode=0444,required=true") == 2
    as_root = text.replace("ARG REG_TOKEN\nRUN x", "USER root\nARG REG_TOKEN\nRUN x")
    assert "mode=" not in fixed(as_root).text
    assert "uid=1001,required" in fixed(text.replace("apache/airflow", "bitnami/node")).text


def test_its_home_is_where_files_are() -> None:
    text = "FROM apache/airflow:2.9\nARG GIT_TOKEN\n"
    text += 'RUN echo "machine h.example login x password $GIT_TOKEN" > ~/.netrc && git clone https://h.example/x\n'
    assert "trap 'rm -f \"$HOME/.netrc\"' EXIT" in fixed(text).text
