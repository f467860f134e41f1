"""What cli/ says."""

TEXTS: dict[str, tuple[str, str]] = {}
