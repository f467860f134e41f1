"""What lessons/ says."""

TEXTS: dict[str, tuple[str, str]] = {}
