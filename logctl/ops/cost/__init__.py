"""What the pipeline costs: list prices, an estimate for a load, and the measured use of an environment."""
