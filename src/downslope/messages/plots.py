"""What plots/ says."""

TEXTS: dict[str, tuple[str, str]] = {}
