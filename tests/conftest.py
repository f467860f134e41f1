"""Tests read English sentences, whatever the language of the machine; those about Chinese ask for it."""

import os

os.environ["DOWNSLOPE_LANG"] = "en"
