"""The words on the lab's page, which fetches them as JSON in both languages."""

TEXTS: dict[str, tuple[str, str]] = {
    "lab.play": ("Play", "播放"),
}
