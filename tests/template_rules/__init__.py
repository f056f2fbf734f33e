"""Rules of our own for cfn-lint: `cfn-lint --append-rules tests/template_rules`, as `make lint` does."""
