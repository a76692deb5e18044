"""One function per rule: a followed build in, findings out."""
