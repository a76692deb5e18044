"""Shell scripts inside RUN instructions and beside them: reads POSIX-like shells with tree-sitter-bash, others by word."""
