# The image of `audit` itself. Build with BuildKit, from the root of the repository:
#
#     docker build -t image-leak-auditor .
#
# The base is pinned to the index of python:3.13-slim that docker-library's repo-info lists for 2026-08-05 (amd64, arm64
# and others). To take a newer one, put its digest here; `docker buildx imagetools inspect python:3.13-slim` tells it.
ARG BASE=python:3.13-slim@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6

FROM ${BASE} AS build
# pip reads these. Without a network: put wheels into the folder `wheels`, and set both (docs/ci.md).
ARG PIP_NO_INDEX PIP_FIND_LINKS
# An index that asks for a password stands in a pip.conf: --secret id=pip.conf,src=$HOME/.config/pip/pip.conf
RUN --mount=type=bind,target=/src,rw --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python -m venv --without-pip /opt/audit \
    && python -m pip --disable-pip-version-check --no-cache-dir --python /opt/audit/bin/python install /src

FROM ${BASE}
ARG VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title="image-leak-auditor" \
      org.opencontainers.image.description="Finds the secrets that a container build leaks" \
      org.opencontainers.image.source="https://git.example/image-leak-auditor" \
      org.opencontainers.image.documentation="https://git.example/image-leak-auditor/blob/main/docs/ci.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/audit /opt/audit
ENV PATH=/opt/audit/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    AUDIT_CACHE_DIR=/var/cache/audit
# Only a folder of the user's own is taken as a cache; a volume that is mounted here begins as this one.
RUN mkdir -m 0700 /var/cache/audit && chown 65532:65532 /var/cache/audit
# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["audit"]
CMD ["--help"]
