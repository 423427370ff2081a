"""The sub-commands of `maildrill`, one concept per file."""
