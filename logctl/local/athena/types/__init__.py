"""SQL types, the conversions between them, and the signatures of functions."""
