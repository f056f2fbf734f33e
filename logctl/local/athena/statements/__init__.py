"""What each kind of statement does, and the form of its result."""
