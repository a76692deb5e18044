"""How a known value may be written, and where it then stands; `auditor.detect.needles` is its face."""
