"""What packages say about the files that they brought along; `auditor.sources.images.packages` is its face."""
