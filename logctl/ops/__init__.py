"""Operations on a deployed pipeline, one package for each task. Functions return values and never print."""
