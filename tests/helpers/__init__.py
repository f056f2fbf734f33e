"""What several test modules share: fakes, fixtures' values, and clients. A test module never imports a test module.

A helper that only one module needs stays in that module. Fixtures are in the `conftest.py` of their folder. The
model of the pipeline is in `tests/simulation`, beside the tests that are about it.
"""
