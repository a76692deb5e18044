"""Pure renderers, one module per format: findings in, text out."""
