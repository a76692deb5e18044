"""Shell scripts inside RUN instructions and beside them: POSIX-like shells by grammar, others by word."""
