"""How the HTML report reads a diff: one of ours, and what a report of others may hold instead."""

from __future__ import annotations

from auditor.report.html.changes import by_kind

DIFF = """\
diff --git a/Dockerfile b/Dockerfile
--- a/Dockerfile
+++ b/Dockerfile
@@ -1,2 +1 @@
 FROM a
---- a
-+++ b
++++ c
\\ No newline at end of file
diff --git a/.dockerignore b/.dockerignore
new file mode 100644
--- /dev/null
+++ b/.dockerignore
@@ -0,0 +1 @@
+.npmrc
… 3 more lines
"""


def test_lines_of_a_diff_are_told_apart_by_their_places() -> None:
    assert list(by_kind(DIFF)) == [
        ("file", "Dockerfile"),
        ("hunk", "@@ -1,2 +1 @@"),
        ("same", " FROM a"),
        ("removed", "---- a"),
        ("removed", "-+++ b"),
        ("added", "++++ c"),
        ("hunk", "\\ No newline at end of file"),
        ("file", ".dockerignore"),
        ("hunk", "@@ -0,0 +1 @@"),
        ("added", "+.npmrc"),
        ("hunk", "… 3 more lines"),
    ]


def test_what_is_no_diff_is_nothing() -> None:
    assert list(by_kind("")) == [] == list(by_kind("+x\n-y\n"))
