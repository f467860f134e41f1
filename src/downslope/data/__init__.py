"""Rows: where they come from (reading), how they become numbers (encoding), what they are then (dataset)."""

from .dataset import Dataset, refuse_constant_columns
from .encoding import Column, Encoding
from .reading import Table

__all__ = ["Column", "Dataset", "Encoding", "Table", "refuse_constant_columns"]
