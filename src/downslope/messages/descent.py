"""What descent/ says."""

TEXTS: dict[str, tuple[str, str]] = {}
