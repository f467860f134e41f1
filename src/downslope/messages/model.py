"""What model/ says."""

TEXTS: dict[str, tuple[str, str]] = {}
