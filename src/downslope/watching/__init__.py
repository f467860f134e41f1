"""Training that somebody else wrote: record it while it runs, read its logs, and judge both."""
