"""Housekeeping: what nobody attacks, and everybody searches for."""
