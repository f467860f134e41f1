"""Rows: where they come from (reading), how they become numbers (encoding), what they are then (dataset)."""

from .dataset import Dataset
from .encoding import Column, Encoding, refuse_constant_columns
from .reading import Table

__all__ = ["Column", "Dataset", "Encoding", "Table", "refuse_constant_columns"]
