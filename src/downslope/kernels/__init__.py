"""Compiled loops: arrays and numbers in, arrays and numbers out.

A loss, a direction and its settings come as numbers, so that everything compiles once and is cached
between processes. Undecorated, the same functions run in plain Python: that is how tiny data is
descended, with no wait for a compiler.
"""
