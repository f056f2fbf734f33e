"""Judges from elsewhere over the template and every policy: checkov and parliament, in an environment of theirs.

`make judges` runs them. What they find has to be in accepted.toml, with the reason, and what is accepted has to
be found.
"""
