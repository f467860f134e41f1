"""The lessons: small programs that run on the one engine, and tell what they do."""
