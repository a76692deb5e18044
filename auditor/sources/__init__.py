"""Where bytes come from: files of a repository and of a build context."""
