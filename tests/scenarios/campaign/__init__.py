"""The fault campaign: histories of real processes under faults, each checked against a model."""
