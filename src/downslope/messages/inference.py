"""What inference/ says."""

TEXTS: dict[str, tuple[str, str]] = {}
