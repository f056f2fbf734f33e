"""The execution of each kind of statement, and the form of its result."""
