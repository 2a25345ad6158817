"""A study's best as files: recipes, weights, bundles that verify, a model that is served."""
