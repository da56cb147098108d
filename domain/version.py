"""The version of the product, as programs show it and documents print it; pyproject.toml says the same."""

NAME = "检后通 Aftercheck"
VERSION = "0.1.0"
