from __future__ import annotations

import pytest

from tests.detect.structures.samples import ED25519, Case, T, V, b64, found, pem

KEY = b64(pem("PRIVATE KEY", ED25519))
LOGIN = b64(f'{{"auths":{{"r.example":{{"auth":"{b64("u:" + V)}"}}}}}}')

CASES: list[Case] = [
    (
        "",
        f"apiVersion: v1\nkind: Secret\ndata:\n  password: {b64(V)}\n  username: {b64('admin')}\n",
        [("kubernetes-secret", b64(V))],
    ),
    ("", f'stringData:\n  token: "{T}"\n  host: h.example\nkind: Secret\n', [("kubernetes-secret", T)]),
    (
        "",
        f"kind: Service\n---\nkind: Secret\r\ndata:\r\n  api-key: {b64(T)}\r\n---\nkind: Pod\ndata:\n  password: x\n",
        [("kubernetes-secret", b64(T))],
    ),
    (
        "",
        f"kind: List\nitems:\n- apiVersion: v1\n  data:\n    password: {b64(V)}\n  kind: Secret\n- kind: Pod\n",
        [("kubernetes-secret", b64(V))],
    ),
    (
        "",
        f"kind: Secret\ndata:\n  password: |\n    {b64(V)}\n  ca.crt: {b64('x' * 40)}\n",
        [("kubernetes-secret", b64(V))],
    ),
    ("", f"kind: Secret\ndata:\n  tls.key: {KEY}\n", [("private-key", KEY)]),
    (
        "",
        f"kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: {LOGIN}\n",
        [("kubernetes-secret", LOGIN)],
    ),
    ("", f'{{"apiVersion":"v1","data":{{"password":"{b64(V)}"}},"kind":"Secret"}}', [("kubernetes-secret", b64(V))]),
    ("", f'{{"kind": "Secret", "stringData": {{"token": "{T}"}}', [("kubernetes-secret", T)]),
    ("", f'{{"kind": "Secret", "stringData": {{"password": "a\\"{V}"}}}}', [("kubernetes-secret", f'a"{V}')]),
    (".kube/config", f'{{"clusters": [], "user": {{"password": "a\\"{V}"}}}}', [("kubeconfig-password", f'a"{V}')]),
    ("", f"kind: SealedSecret\nspec:\n  encryptedData:\n    password: {b64(V * 9)}\n", []),
    ("", "kind: ExternalSecret\nspec:\n  data:\n  - secretKey: password\n", []),
    ("", "kind: Secret\ndata:\n  password: {{ .Values.password | b64enc }}\n", []),
    ("", "kind: Secret\nstringData:\n  password: ${PASSWORD}\n  url: https://h.example\n", []),
    ("", "kind: Secret\nstringData:\n  password: ENC[AES256_GCM,data:x,iv:y,type:str]\n", []),
    ("", f"kind: ConfigMap\ndata:\n  password: {b64(V)}\n", []),
    ("", f"kind: Secret\nmetadata:\n  annotations:\n    password: {b64(V)}\ntype: Opaque\n", []),
    ("", f"kind: Secret\ntype: helm.sh/release.v1\ndata:\n  release: {b64(T * 9)}\n", []),
    ("", f'{{"kind":"ConfigMap","data":{{"password":"{V}"}},"x":"Secret"}}', []),
    # kubeconfig
    (".kube/config", f"users:\n- name: a\n  user:\n    token: {T}\n", [("kubeconfig-token", T)]),
    ("x", f"users:\n- name: a\n  user:\n    client-key-data: {KEY}\n", [("kubeconfig-key", KEY)]),
    ("x", f"clusters: []\nusers:\n- user:\n    username: a\n    password: {V}\n", [("kubeconfig-password", V)]),
    ("x", f'{{"clusters": [], "users": [{{"user": {{"token": "{T}"}}}}]}}', [("kubeconfig-token", T)]),
    (
        "x",
        "clusters: []\nusers:\n- user:\n    auth-provider:\n      config:\n"
        f"        id-token: {T}\n        refresh-token: {T}x\n",
        [("kubeconfig-token", T), ("kubeconfig-token", f"{T}x")],
    ),
    (".kube/config", "users:\n- user:\n    tokenFile: /run/token\n    client-key: /x.key\n", []),
    (".kube/config", f"clusters:\n- cluster:\n    certificate-authority-data: {b64('x' * 60)}\n", []),
    (".kube/config", "users:\n- user:\n    exec:\n      command: aws\n    token: ${TOKEN}\n", []),
    (".kube/config", "users:\n- user:\n    client-key-data: REDACTED\n", []),
    # the source of a program
    (
        "a_test.py",
        'clusters = []\n{"users": [\n  "user": {\n    "token": DATA_BASE64,\n    "password": k.PASS_1,  # of b\n'
        f'    "token": "{T}",\n  }}]}}',
        [("kubeconfig-token", T)],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_kubernetes(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, path) == expected
