"""Parts of the multi-pattern pass; `auditor.detect.prefilter` is its face."""
