"""`logctl demo`."""


def register(app): ...
