"""The resources of the template: one module for each part of the pipeline, whose `resources` returns them."""
