"""`logctl local`: the sandbox."""
