"""The scripts of the corpus are read as text, and never imported."""

collect_ignore_glob = ["scripts/*", "watched/*", "course/*"]
