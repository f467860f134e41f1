"""What insight/ says."""

TEXTS: dict[str, tuple[str, str]] = {}
