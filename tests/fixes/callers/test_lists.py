"""Build arguments that a script puts together before the call: changed where the words are certain, else refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditor.core.edit import apply_edits
from tests.fixes.callers.building import after, build, edits
from tests.fixes.callers.test_scripts import STUB

SECRET = "--secret id=npm_token,env=NPM_TOKEN"
LITERAL = "tok" + "en-3f9a"
PAIR = f"--build-arg NPM_TOKEN={LITERAL}"

KNOWN = [
    f'ARGS="{PAIR} --build-arg V=3"\ndocker build $ARGS .\n',
    f'ARGS=""\nARGS="$ARGS {PAIR}"\nARGS="$ARGS --pull"\nif true; then docker build ${{ARGS}} .; fi\n',
    f"ARGS='--pull {PAIR}'\ndocker build ${{ARGS:-}} -t x .\n",
    f'args=({PAIR} -t app)\nargs+=(--build-arg "V=3")\ndocker build "${{args[@]}}" .\n',
    f'args=(\n  --pull\n  --build-arg "NPM_TOKEN={LITERAL}"\n  -t "a b"\n)\ndocker build "${{args[@]}}" .\n',
    f'set -- {PAIR}\nset -- "$@" --build-arg "V=3 4"\ndocker build "$@" -t x .\n',
    f"set -- --build-arg 'NPM_TOKEN={LITERAL}'\nset -eu\nawk() {{ echo $1; }}\ndocker build \"$@\" .\n",
    f'build() {{\n  docker build "$@" -t x .\n}}\nbuild {PAIR} --build-arg V=3\n',
    f'T={LITERAL}\nset -- --build-arg NPM_TOKEN="$T"\ndocker build "$@" .\n',
    'set -- --build-arg NPM_TOKEN="$NPM_TOKEN"\ndocker build "$@" .\n',
    'b() { docker build "$@" .; }\nb --build-arg NPM_TOKEN\n',
]


@pytest.mark.parametrize("text", KNOWN)
def test_the_builder_gets_the_same_words_and_the_value_of_the_environment(text: str, tmp_path: Path) -> None:
    (tmp_path / "docker").write_text(STUB)
    (tmp_path / "docker").chmod(0o755)
    changed = after("build.sh", text)
    assert SECRET in changed
    assert LITERAL not in changed
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NPM_TOKEN": LITERAL}
    said = [
        subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=True).stdout
        for script in (text, changed)
    ]
    assert f"value {LITERAL}" in said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize("text", [text for text in KNOWN if text.count(LITERAL) == 1 and "$T" not in text])
def test_a_value_in_a_list_is_burnt_and_asked_for(text: str) -> None:
    found = edits("build.sh", text)
    (burnt,) = found.burnt
    assert text[slice(*burnt.span)] == LITERAL
    assert any("set NPM_TOKEN" in note for note in found.notes)
    assert not any(LITERAL in sentence for sentence in (*found.notes, *burnt[:2]))


@pytest.mark.parametrize(
    "text",
    [
        # used by something else
        f'ARGS="{PAIR}"\ndocker build $ARGS .\necho $ARGS\n',
        f'ARGS="{PAIR}"\ndocker build $ARGS --label "x=$ARGS" .\n',
        f'ARGS="{PAIR}"\ndocker build $ARGS .\ndocker build -f other/Dockerfile $ARGS other\n',
        f'set -- {PAIR}\ndocker build "$@" .\necho "$1"\n',
        f'set -- {PAIR}\ncase "$2" in NPM*) exit;; esac\ndocker build "$@" .\n',
        f'set -- {PAIR}\nfor x; do echo "$x"; done\ndocker build "$@" .\n',
        f'f() {{ echo "$2"; docker build "$@" .; }}\nf {PAIR}\n',
        f'f() {{ docker build "$@" .; }}\nf {PAIR}\nf --build-arg NPM_TOKEN=other\n',
        # exported, or read by a script that is not here
        f'export ARGS="{PAIR}"\ndocker build $ARGS .\n',
        f'ARGS="{PAIR}"\nexport ARGS\ndocker build $ARGS .\n',
        f'set -a\nARGS="{PAIR}"\ndocker build $ARGS .\n',
        f'ARGS="{PAIR}"\n. ./more.sh\ndocker build $ARGS .\n',
        f'set -- {PAIR}\neval "$X"\ndocker build "$@" .\n',
        # changed in between, or not always made
        f'ARGS="{PAIR}"\nARGS=--pull\ndocker build $ARGS .\n',
        f'ARGS="{PAIR}"\nread ARGS\ndocker build $ARGS .\n',
        f'ARGS="{PAIR}"\nunset ARGS\ndocker build $ARGS .\n',
        f'[ -n "$X" ] && ARGS="{PAIR}"\ndocker build $ARGS .\n',
        f'[ -n "$X" ] && {{ Y=1; ARGS="{PAIR}"; }}\ndocker build $ARGS .\n',
        f'if x; then ARGS="{PAIR}"; fi\ndocker build $ARGS .\n',
        f'(ARGS="{PAIR}")\ndocker build $ARGS .\n',
        f'docker build $ARGS .\nARGS="{PAIR}"\n',
        f'f() {{ local ARGS="{PAIR}"; docker build $ARGS .; }}\nf\n',
        f'set -- {PAIR}\nshift 2\ndocker build "$@" .\n',
        f'set -- {PAIR}\nset -- a\ndocker build "$@" .\n',
        f'set -- {PAIR}\nset a\ndocker build "$@" .\n',
        f'set -- {PAIR}\nf() {{ docker build "$@" .; }}\nf\n',
        f'f() {{ set -- {PAIR}; }}\nf\ndocker build "$@" .\n',
        f'f() {{ shift; docker build "$@" .; }}\nf {PAIR}\n',
        f'f() {{ docker build "$@" .; }}\nf() {{ docker pull; }}\nf {PAIR}\n',
        # words or values that cannot be told
        f'IFS=,\nARGS="{PAIR}"\ndocker build $ARGS .\n',
        f'ARGS="{PAIR}$X"\ndocker build $ARGS .\n',
        f'ARGS="{PAIR}"\ndocker build "$ARGS" .\n',
        f'a=({PAIR})\ndocker build "${{a[0]}}" .\n',
        f'a=({PAIR} # why\n)\ndocker build "${{a[@]}}" .\n',
        f'a=(--build-arg "NPM_TOKEN={LITERAL} x"y)\ndocker build "${{a[@]}}" .\n',
        'set -- --build-arg NPM_TOKEN="$(vault read npm)"\ndocker build "$@" .\n',
        f'set -- {PAIR} --build-arg NPM_TOKEN=other\ndocker build "$@" .\n',
        f'set -- {PAIR}\ndocker build "$@" --secret id=npm_token,src=x .\n',
        f'set -- {PAIR}\ndocker build "$@" --build-arg NPM_TOKEN=other .\n',
        f'NPM_TOKEN=$(x)\nset -- {PAIR}\ndocker build "$@" .\n',
    ],
)
def test_a_list_that_is_not_certain_is_a_problem(text: str) -> None:
    found = edits("build.sh", text)
    assert found.problems
    assert not any(LITERAL in sentence for sentence in found.problems)
    assert PAIR not in text or PAIR in apply_edits(text, found.edits)


def test_a_list_of_another_build_stays() -> None:
    text = f'set -- {PAIR}\ndocker build "$@" -f other/Dockerfile .\n'
    found = edits("build.sh", text, build(sole=False))
    assert (found.edits, found.matched, found.problems) == ((), 0, ())


def test_sudo_keeps_the_variable_of_a_list() -> None:
    text = f'set -- {PAIR}\nsudo docker build "$@" .\n'
    assert after("build.sh", text) == f'set -- {SECRET}\nsudo --preserve-env=NPM_TOKEN docker build "$@" .\n'


def test_a_list_in_a_recipe_is_changed_in_the_notation_of_make() -> None:
    text = f'all:\n\tset -- {PAIR}; docker build "$$@" .\n'
    assert after("Makefile", text) == f'all:\n\tset -- {SECRET}; docker build "$$@" .\n'


def test_a_list_in_a_workflow_gets_the_value_from_the_repository() -> None:
    text = f"on: push\njobs:\n  a:\n    steps:\n      - run: |\n          args=({PAIR})\n"
    changed = after(".github/workflows/x.yml", text + '          docker build "${args[@]}" .\n')
    assert f"args=({SECRET})" in changed
    assert "NPM_TOKEN: ${{ secrets.NPM_TOKEN }}" in changed
