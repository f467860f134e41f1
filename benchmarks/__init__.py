"""Downslope beside its peers: the same data, the same objective, the same machine, the same minute."""
