"""People of the VPN: who may enter, until when, with which certificate and code."""
